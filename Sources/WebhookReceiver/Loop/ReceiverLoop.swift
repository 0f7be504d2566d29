internal import CWebhooksEpoll
internal import Glibc
internal import Synchronization
internal import WebhookCore

/// The thread that does it all: accepts, reads, asks the handler, answers.
///
/// It may be shared although not checked: `shared` and `log` are locked, the constants never change, and everything else
/// belongs to the thread that calls `run()`.
final class ReceiverLoop: @unchecked Sendable {
    enum Source {
        /// The same bytes for every request, kept alive and closing: nothing is built for it.
        case always(keeping: [UInt8], closing: [UInt8])
        case handler(@Sendable (ReceivedRequest) -> ReceiverResponse)
    }

    private struct Shared {
        var isStopping = false
        var isFinished = false
        var accepted = 0
        var idleClosers: [CheckedContinuation<Void, Never>] = []
    }

    let log: RequestLog
    let source: Source
    var poller: Poller
    private let waker: Waker
    var timers = TimerHeap()
    private let listener: ListeningSocket
    private let options: ReceiverOptions
    /// By descriptor.
    private var connections: [Connection?] = []
    /// The connections in the order in which they came, where their number is limited.
    private var arrivals: [Connection] = []
    private let shared = Mutex(Shared())

    init(_ options: ReceiverOptions, source: Source) throws(ReceiverError) {
        self.options = options
        self.source = source
        log = RequestLog(keeps: options.recordsRequests)
        listener = try ListeningSocket(options)
        do {
            poller = try Poller()
            waker = poller.waker
        } catch {
            close(listener.descriptor)
            throw error
        }
        poller.set(listener.descriptor, number: 0, Poller.readable, isNew: true)
    }

    // MARK: From any thread

    var port: UInt16 { listener.port }
    var acceptedCount: Int { shared.withLock { $0.accepted } }

    func stop() {
        shared.withLock { shared in
            shared.isStopping = true
            // The descriptors are closed under the same lock's protection: a finished loop has none to wake.
            if !shared.isFinished { waker.wake() }
        }
    }

    func closeIdleConnections() async {
        await withCheckedContinuation { continuation in
            let isFinished = shared.withLock { shared in
                guard !shared.isFinished else { return true }
                shared.idleClosers.append(continuation)
                waker.wake()
                return false
            }
            if isFinished { continuation.resume() }
        }
    }

    // MARK: On the loop's thread

    func run() {
        while !shared.withLock({ $0.isStopping }) {
            let count = poller.wait(milliseconds: timeout())
            for index in 0..<count {
                if let event = poller.event(index) { handle(event) } else { closeIdle() }
            }
            let now = SystemClock().uptimeNanoseconds
            while let entry = timers.popDue(at: now) {
                if entry.descriptor == listener.descriptor {
                    poller.set(listener.descriptor, number: 0, Poller.readable, isNew: false)
                } else if entry.token == Connection.lifetimeToken {
                    if let connection = find(entry.descriptor, entry.number) { drop(connection) }
                } else if let connection = find(entry.descriptor, entry.number), connection.token == entry.token {
                    elapsed(connection)
                }
            }
        }
        finish()
    }

    private func timeout() -> Int32 {
        guard let earliest = timers.earliest else { return -1 }
        let now = SystemClock().uptimeNanoseconds
        return earliest <= now ? 0 : Int32(clamping: (earliest - now + 999_999) / 1_000_000)
    }

    private func finish() {
        let waiting = shared.withLock { shared in
            shared.isFinished = true
            defer { shared.idleClosers = [] }
            return shared.idleClosers
        }
        for continuation in waiting { continuation.resume() }
        for connection in connections { if let connection { drop(connection) } }
        close(listener.descriptor)
        poller.closeAll()
        log.stop()
    }

    private func closeIdle() {
        let waiting = shared.withLock { shared in
            defer { shared.idleClosers = [] }
            return shared.idleClosers
        }
        guard !waiting.isEmpty else { return }
        for connection in connections { if let connection, connection.isIdle { drop(connection) } }
        for continuation in waiting { continuation.resume() }
    }

    private func find(_ descriptor: Int32, _ number: UInt32) -> Connection? {
        guard connections.indices.contains(Int(descriptor)), let connection = connections[Int(descriptor)],
            connection.key == number
        else { return nil }
        return connection
    }

    private func handle(_ event: Poller.Event) {
        if event.descriptor == listener.descriptor {
            accept()
        } else if let connection = find(event.descriptor, event.number) {
            handle(event.flags, connection)
        }
    }

    private func accept() {
        // A bounded number at a time, so that a flood of connections doesn't starve those that are there, nor close one
        // before it was looked at.
        for _ in 0..<min(256, max(1, (options.maxConnections ?? 512) / 2)) {
            let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            guard let (descriptor, address, port) = SocketAddress.of({ accept4(listener.descriptor, $0, $1, flags) })
            else {
                if errno == EMFILE || errno == ENFILE { pauseAccepting() }
                return
            }
            var one: Int32 = 1
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            let number = shared.withLock { shared in
                shared.accepted += 1
                return shared.accepted
            }
            let connection = Connection(
                descriptor: descriptor,
                number: number,
                remote: address.bitWidth == 32 ? "\(address):\(port)" : "[\(address)]:\(port)",
                parser: RequestParser(maxHeadSize: options.maxHeadSize, maxBodySize: options.maxBodySize)
            )
            while connections.count <= Int(descriptor) { connections.append(nil) }
            connections[Int(descriptor)] = connection
            poller.set(descriptor, number: connection.key, connection.interest, isNew: true)
            limit(connection)
        }
    }

    /// Keeps the bounds that connections have together, and each for itself.
    private func limit(_ connection: Connection) {
        if let lifetime = options.connectionLifetime {
            setTimer(connection, lifetime, token: Connection.lifetimeToken)
        }
        guard let most = options.maxConnections else { return }
        arrivals.removeAll(where: isGone)
        arrivals.append(connection)
        // Whoever is slow is here for longest: one that asks and reads is done within milliseconds.
        if arrivals.count > most { drop(arrivals.removeFirst()) }
    }

    /// Without descriptors the listener would stay readable and the loop spin: it is looked at again after a while.
    private func pauseAccepting() {
        poller.set(listener.descriptor, number: 0, 0, isNew: false)
        let deadline = SystemClock().uptimeNanoseconds + 20_000_000
        timers.add(TimerHeap.Entry(deadline: deadline, descriptor: listener.descriptor, number: 0, token: 0))
    }

    /// Closes a connection; epoll forgets a closed descriptor by itself.
    func drop(_ connection: Connection, resetting: Bool = false) {
        guard find(connection.descriptor, connection.key) != nil else { return }
        if resetting {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(connection.descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }
        connections[Int(connection.descriptor)] = nil
        close(connection.descriptor)
    }

    /// Tells whether a connection was closed meanwhile.
    func isGone(_ connection: Connection) -> Bool { find(connection.descriptor, connection.key) !== connection }
}
