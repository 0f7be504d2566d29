#if PostgreSQL
    internal import CWebhooksEpoll
    internal import CWebhooksPostgres
    internal import Glibc
    internal import Synchronization
    internal import WebhookCore

    /// Hears what others notify, on a connection of its own that does nothing else. One that is lost is made again; what was
    /// notified meanwhile is made up for by a hint of everything.
    final class HintListener: Sendable {
        private let target: PostgresTarget
        private let isClosed = Atomic(false)
        /// Readable once it is closed.
        private let end: Int32
        private let thread: PostgresWorker

        private static let mostPause: Duration = .seconds(5)

        /// - Parameters:
        ///   - own: the session's number: what it notifies itself is no news.
        ///   - tell: called on the listener's thread.
        /// - Returns: `nil` where the system has no thread or descriptor left: polling goes on.
        init?(_ target: PostgresTarget, ignoring own: Int64, _ tell: @escaping @Sendable (StoreHint) -> Void) {
            guard let thread = PostgresWorker() else { return nil }
            end = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
            guard end >= 0 else { return nil }
            (self.target, self.thread) = (target, thread)
            thread.perform { [self] in run(own, tell) }
        }

        // Whoever closes it may write to the descriptor after the thread has ended.
        deinit { Glibc.close(end) }

        /// Ends it, without waiting.
        func close() {
            guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
            var one: UInt64 = 1
            _ = write(end, &one, 8)
        }

        private var isOver: Bool { isClosed.load(ordering: .acquiring) }

        private func run(_ own: Int64, _ tell: (StoreHint) -> Void) {
            var pause: Duration = .milliseconds(100)
            while !isOver {
                do {
                    let connection = try PostgresConnection(target, isWriter: false)
                    try connection.run(Statement("LISTEN \(StoreNotification.channel)"))
                    pause = .milliseconds(100)
                    // Whatever was notified while nobody listened.
                    tell(.everything)
                    tell(.leases)
                    while !isOver {
                        let heard = try connection.notifications(orReadable: end)
                        for hint in Set(heard.compactMap { StoreNotification.read($0, in: target, ignoring: own) }) {
                            tell(hint)
                        }
                    }
                } catch {
                    wait(pause)
                    pause = min(pause * 2, Self.mostPause)
                }
            }
        }

        private func wait(_ pause: Duration) {
            var descriptor = pollfd(fd: end, events: Int16(POLLIN), revents: 0)
            poll(&descriptor, 1, Int32(clamping: pause.wholeMilliseconds))
        }
    }

    extension PostgresConnection {
        /// Waits for notifications, or until a descriptor is readable.
        ///
        /// - Returns: their texts.
        func notifications(orReadable end: Int32) throws -> [String] {
            while true {
                var texts: [String] = []
                while let notification = PQnotifies(raw) {
                    texts.append(String(cString: notification.pointee.extra))
                    PQfreemem(notification)
                }
                guard texts.isEmpty else { return texts }
                var descriptors = [
                    pollfd(fd: PQsocket(raw), events: Int16(POLLIN), revents: 0),
                    pollfd(fd: end, events: Int16(POLLIN), revents: 0),
                ]
                guard descriptors[0].fd >= 0 else { throw lost(Self.message(raw)) }
                // A server that is gone without a word is found by the connection's keepalives.
                let ready = poll(&descriptors, 2, -1)
                if ready < 0, errno == EINTR { continue }
                if descriptors[1].revents != 0 { return [] }
                guard ready > 0, PQconsumeInput(raw) == 1 else { throw lost(Self.message(raw)) }
            }
        }
    }

    /// A notification's text: the store's schema, a hint and the session's number, such as `webhooks deliveries 17`. Equal ones of a
    /// transaction come once, with its commit.
    enum StoreNotification {
        static let channel = Schema.channel

        private static let notify = Statement("SELECT pg_notify('\(channel)', $1::text)")

        /// The statement that notifies.
        static func notify(_ hint: StoreHint, of session: PostgresWriter) -> BoundStatement {
            BoundStatement(notify, [.text("\(session.target.schema.name) \(hint.rawValue) \(session.id)")])
        }

        /// - Returns: `nil` for another store's, and for one's own.
        static func read(_ text: String, in target: PostgresTarget, ignoring own: Int64) -> StoreHint? {
            let words = text.split(separator: " ")
            guard words.first.map(String.init) == target.schema.name else { return nil }
            if words.count > 2, words[2] == "\(own)" { return nil }
            // What a function of another version says may mean anything.
            return words.count > 1 ? StoreHint(rawValue: String(words[1])) ?? .everything : .everything
        }
    }
#endif
