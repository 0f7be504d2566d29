/// One connection's state, owned by the loop's thread.
final class Connection {
    enum Phase {
        /// Waits for a request. Leaves to `answering`.
        case reading
        /// Sends an answer's pieces, perhaps after a wait. Leaves to any of the others.
        case answering
        /// Keeps silent until the other side closes.
        case holding
        /// Closes as soon as the output is sent.
        case closing(Farewell)
        /// Everything was said; what still comes in is thrown away, until the other side closes or time is up.
        case lingering
    }

    enum Farewell {
        case close
        case reset
        /// Lets the other side finish sending, so that it reads the answer instead of meeting a reset.
        case linger
    }

    let descriptor: Int32
    /// From 1; see ``ReceivedRequest/connection``.
    let number: Int
    let remote: String
    var phase = Phase.reading
    var input = ReadBuffer()
    var parser: RequestParser
    var hasSentContinue = false
    /// Bytes to send, from `sent` on.
    var output: [UInt8] = []
    var sent = 0
    /// The chunks that follow the output, while answering.
    var chunks: ArraySlice<ReceiverResponse.Chunk> = []
    var ending = ReceiverResponse.Ending.keep
    /// Counts the waits, so that a timer of an earlier one means nothing.
    var token = 0
    /// The token of the timer that ends a connection whatever it does.
    static let lifetimeToken = -1
    var requestCount = 0
    /// True when the other side has sent its last byte.
    var isAtEnd = false
    /// The events that epoll was asked for.
    var interest = Poller.readable

    init(descriptor: Int32, number: Int, remote: String, parser: RequestParser) {
        self.descriptor = descriptor
        self.number = number
        self.remote = remote
        self.parser = parser
    }

    var key: UInt32 { UInt32(truncatingIfNeeded: number) }
    var hasOutput: Bool { sent < output.count }
    var isIdle: Bool { isReading && input.count == 0 && !hasOutput }
    var isReading: Bool { if case .reading = phase { true } else { false } }

    /// The events to ask epoll for now. Input that can't be used yet is taken up to a limit, to notice the other side's
    /// end.
    var wantedInterest: UInt32 {
        let reads: Bool
        switch phase {
        case .reading, .lingering: reads = !isAtEnd
        case .answering, .holding: reads = !isAtEnd && input.count < 65_536
        case .closing: reads = false
        }
        return (reads ? Poller.readable : 0) | (hasOutput ? Poller.writable : 0)
    }
}
