internal import CWebhooksCurl
internal import Glibc
internal import Synchronization

/// The sockets of one multi handle.
// Safe to share: the set of open sockets has a lock; all else is touched on the shard's queue alone.
final class SocketTable: @unchecked Sendable {
    /// Names a connection for as long as it stands: its two ends.
    struct Ends: Hashable {
        private var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        let localPort: Int32

        /// The addresses as libcurl spells them.
        init(
            peer: UnsafePointer<CChar>,
            peerPort: Int32,
            local: UnsafePointer<CChar>?,
            localPort: Int32
        ) {
            self.localPort = localPort
            add(peer)
            if let local { add(local) }
            hash = (hash ^ UInt64(UInt32(bitPattern: peerPort))) &* 0x100_0000_01B3
        }

        private mutating func add(_ text: UnsafePointer<CChar>) {
            var next = text
            while next.pointee != 0 {
                hash = (hash ^ UInt64(UInt8(bitPattern: next.pointee))) &* 0x100_0000_01B3
                next += 1
            }
        }
    }

    private let open = Locked<Set<Int32>>([])
    private let everOpened = Atomic(0)
    private var sockets: [Ends: Int32] = [:]
    private var ends: [Int32: Ends] = [:]

    /// The exchanges that have the headers of their answers, while the rest may still come.
    private(set) var answering: [Int32: Exchange] = [:]

    /// The headers of an answer are whole.
    func answerBegan(_ exchange: Exchange) {
        if exchange.socket != webhooks_curl_bad_socket { answering[exchange.socket] = exchange }
    }

    /// Nothing more comes for an exchange.
    func answerEnded(_ exchange: Exchange) {
        if answering[exchange.socket] === exchange { answering[exchange.socket] = nil }
    }

    func opened(_ socket: Int32) {
        open.withLock { _ = $0.insert(socket) }
        everOpened.add(1, ordering: .relaxed)
    }

    /// The number of sockets that are open, and of those that ever were. From any thread.
    var counts: (open: Int, everOpened: Int) {
        (open.withLock { $0.count }, everOpened.load(ordering: .relaxed))
    }

    /// Closes a socket.
    func close(_ socket: Int32) -> Int32 {
        if let ends = ends.removeValue(forKey: socket) { sockets[ends] = nil }
        return open.withLock {
            $0.remove(socket)
            return Glibc.close(socket)
        }
    }

    /// A connection stands; its socket is remembered.
    func connected(_ socket: Int32, _ connection: Ends) {
        if let before = ends.updateValue(connection, forKey: socket) { sockets[before] = nil }
        sockets[connection] = socket
    }

    /// The socket of a connection that stands.
    func socket(of connection: Ends) -> Int32? { sockets[connection] }

    // MARK: For the watchdog, from its thread

    /// The number of bytes read from each socket so far.
    func bytesRead() -> [Int32: UInt64] {
        open.withLock { open in
            var read: [Int32: UInt64] = [:]
            for socket in open {
                let received = webhooks_curl_received(socket)
                read[socket] = received - min(received, webhooks_curl_unread(socket))
            }
            return read
        }
    }

    /// Shuts down the socket from which most was read since `before`. While a thread doesn't return from libcurl that
    /// is the connection that keeps it there. None can be closed meanwhile, and no other come to its number.
    func shutDownBusiest(since before: [Int32: UInt64]) {
        let now = bytesRead()
        open.withLock { open in
            let growth = open.compactMap { socket -> (socket: Int32, bytes: UInt64)? in
                guard let before = before[socket], let now = now[socket], now > before else { return nil }
                return (socket, now - before)
            }
            guard let busiest = growth.max(by: { $0.bytes < $1.bytes }) else { return }
            shutdown(busiest.socket, Int32(SHUT_RDWR))
        }
    }
}
