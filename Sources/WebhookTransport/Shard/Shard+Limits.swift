internal import CWebhooksCurl
internal import WebhookCore

/// Bounds on what one connection may cost, and time for those that had none.
extension Shard {
    /// Bytes that may arrive for an answer once its headers are whole: its body and what encloses that. libcurl keeps to
    /// itself what stands between the chunks of a body, however much it is.
    static let bytesPerResponse: UInt64 = 1 << 20

    /// Ends a transfer whose answer is known and whose rest goes on for too long.
    ///
    /// Called after each event on its socket: between two of them libcurl may read a hundred of its buffers.
    func cutOffEndless(_ exchange: Exchange) {
        // Mostly the event that brought the headers brought all: the transfer is over, and is collected next.
        exchange.answerEvents += 1
        // Under HTTP/2 the bytes may be others'.
        guard exchange.answerEvents > 1, case .running(let handle) = exchange.stage, handle.httpVersion != "2" else {
            return
        }
        let received = webhooks_curl_received(exchange.socket)
        guard let before = exchange.receivedBefore else {
            exchange.receivedBefore = received
            return
        }
        if received - min(received, before) > Self.bytesPerResponse { end(exchange, handle, CURLE_WRITE_ERROR) }
    }

    /// Gives what is under way more time where this thread could not look at it for a while.
    func giveTimeAfterStop() {
        guard let end = grace.look(now: .now), !isClosed else { return }
        var serials: [UInt64] = []
        for exchange in exchanges.values {
            guard case .running(let handle) = exchange.stage, exchange.mayBeExtended else { continue }
            handle.extend(exchange, to: end)
            guard exchange.deadline < end else { continue }
            exchange.extend(to: end)
            serials.append(exchange.serial)
        }
        grace.give(until: end, to: serials)
    }

    /// Ends the requests that the extra time has brought nothing.
    func endGrace() {
        let now = MonotonicTime.now
        for serial in grace.takeOver(now: now) {
            guard let exchange = exchanges[serial], exchange.deadline <= now,
                case .running(let handle) = exchange.stage
            else { continue }
            end(exchange, handle, CURLE_OPERATION_TIMEDOUT)
        }
    }
}

/// Time for what has arrived while a shard's thread could not look.
///
/// libcurl looks at the time before it reads: of a process that was stopped for longer than a request's timeout it would
/// end the request although the answer lies in the socket. So, after such a stop, what is under way may go on for
/// ``extraTime``.
struct Grace {
    /// A thread that is this late was stopped, or had no processor.
    static let tolerance = Duration.milliseconds(100)
    /// The time for which what is under way may go on.
    static let extraTime = Duration.seconds(1)

    /// The time at which the shard looks at the time again, at the latest.
    private var expected = MonotonicTime.distantFuture
    /// The time at which the extra time is over.
    private(set) var end = MonotonicTime.distantFuture
    /// The serials of the requests whose time would have been up before.
    private(set) var serials: [UInt64] = []

    /// The shard looks at the time; if it is so late that it has to give time: until when.
    mutating func look(now: MonotonicTime) -> MonotonicTime? {
        defer { expected = now }
        guard expected != .distantFuture, now - expected > Self.tolerance else { return nil }
        return now + Self.extraTime
    }

    /// The shard has nothing to do before.
    mutating func looksAgain(at time: MonotonicTime) { expected = time }

    /// libcurl will not end these any more: its timer for them has passed.
    mutating func give(until end: MonotonicTime, to serials: [UInt64]) {
        guard !serials.isEmpty else { return }
        self.end = end
        self.serials += serials
    }

    /// Takes the requests whose extra time is over.
    mutating func takeOver(now: MonotonicTime) -> [UInt64] {
        guard now >= end else { return [] }
        defer { (serials, end) = ([], .distantFuture) }
        return serials
    }
}
