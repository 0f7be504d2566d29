#if PostgreSQL
    internal import Synchronization
    package import WebhookCore

    /// The store on PostgreSQL, in a schema of its own.
    ///
    /// One connection writes, one reads, each on a thread of its own: what is listed never holds up what is sent. Every method
    /// may be called from anywhere. A connection that is lost is made again by what comes next.
    package final class PostgresStore: DeliveryStore {
        /// The part that a process plays beside the store.
        package enum Role: Sendable, Hashable {
            /// Schedules and sends, alone.
            case dispatcher
            /// Schedules and sends beside others of this role, what its leases give it.
            case node
            /// Appends, cancels and reads beside a dispatcher.
            case writer
            /// Reads. Creates and changes nothing.
            case reader
        }

        /// The role that the store was opened for.
        package let role: Role
        /// The database.
        package let target: PostgresTarget
        /// A warning about the server's settings; `nil`: nothing is worth one.
        package let warning: String?
        let clock: any WebhookClock
        private let writerThread: PostgresWorker
        private let readerThread: PostgresWorker
        /// `nil` for a reader.
        private let writer: Confined<WriterState>?
        private let reader: Confined<ReaderState>
        /// `nil` where nothing is delivered.
        private let leaseThread: PostgresWorker?
        private let leaseSession: Confined<LeaseSession>
        private let listener = Mutex<HintListener?>(nil)
        /// Told what others have written, where somebody listens.
        private let hearer = Mutex<(@Sendable (StoreHint) -> Void)?>(nil)
        private let isClosed: SharedFlag

        /// Opens a store, and makes its tables where they are missing and the role writes. Waits for the server: not for a queue
        /// that may not wait.
        ///
        /// - Parameter purpose: what a dispatcher is for, in one word, for others who ask.
        /// - Throws: ``StoreError``: `locked` where another dispatcher works on it, `missing` (reader only), `newerSchema`,
        ///   `damaged`, `readOnly`, `full`, `busy`, `unavailable`.
        package static func open(
            _ target: PostgresTarget,
            role: Role,
            purpose: String = "run",
            clock: any WebhookClock = SystemClock()
        ) throws(StoreError) -> PostgresStore {
            try target.access { try PostgresStore(target, role: role, purpose: purpose, clock: clock) }
        }

        private init(_ target: PostgresTarget, role: Role, purpose: String, clock: any WebhookClock) throws {
            guard let writerThread = PostgresWorker(),
                let readerThread = PostgresWorker()
            else { throw StoreError(.unavailable, "the system has no thread left for the connections to \(target)") }
            (self.target, self.role, self.clock) = (target, role, clock)
            (self.writerThread, self.readerThread) = (writerThread, readerThread)
            let isClosed = SharedFlag()
            self.isClosed = isClosed
            let first = try PostgresConnection(target, isWriter: role != .reader)
            leaseSession = Confined(LeaseSession(target) { isClosed.isRaised })
            leaseThread = [.dispatcher, .node].contains(role) ? PostgresWorker() : nil
            warning =
                first.isFsyncOff
                ? "\(target) has fsync off: what it acknowledges may be lost with the power" : nil
            if role == .reader {
                _ = try Schema.open(first, makes: false)
                writer = nil
                reader = Confined(ReaderState(target, first))
                return
            }
            let session = try PostgresWriter(first, role: role, purpose: purpose) { isClosed.isRaised }
            let state = WriterState(session)
            _ = try state.external.check(session)
            writer = Confined(state)
            reader = Confined(ReaderState(target, nil))
        }

        /// Closes the connections once they are idle; what was committed is durable already.
        package func close() {
            isClosed.raise()
            listener.withLock { $0?.close() }
            writerThread.wait { [writer] in
                if let writer { writer.value.session.close() }
            }
            readerThread.wait { [reader] in reader.value.connection = nil }
            leaseThread?.wait { [leaseSession] in leaseSession.value.close() }
        }

        /// Hears from now on what others notify.
        func startListening(_ tell: @escaping @Sendable (StoreHint) -> Void) {
            guard let writer, !isClosed.isRaised else { return }
            hearer.withLock { $0 = tell }
            let fresh = HintListener(target, ignoring: writer.value.session.id, tell)
            listener.withLock { listener in
                listener?.close()
                listener = fresh
            }
            if isClosed.isRaised { fresh?.close() }
        }

        /// Passes a hint on to whoever listens.
        ///
        /// - Returns: whether anybody does.
        func tell(_ hint: StoreHint) -> Bool {
            guard let hearer = hearer.withLock(\.self) else { return false }
            hearer(hint)
            return true
        }

        /// Tells whether somebody may listen for what is written here: a dispatcher beside this one.
        var hasListeners: Bool { role == .writer || leaseSession.value.hasOthers.load(ordering: .relaxed) }

        // MARK: Access to the connections

        /// The writing thread's state.
        final class WriterState {
            let session: PostgresWriter
            let names = SubscriptionRowCache()
            let external = ExternalWrites()
            /// The transactions of others that were inserting deliveries at the last look, and an id below all of each; `nil`: there
            /// was none.
            var inserters: [String: Int64]?

            init(_ session: PostgresWriter) { self.session = session }

            /// Adds those that a look has met which came to nothing. As long as none came to something, the next is the first.
            func keep(_ met: [String: Int64]?) { inserters?.merge(met ?? [:]) { min($0, $1) } }
        }

        /// The reading thread's state.
        final class ReaderState {
            let target: PostgresTarget
            var connection: PostgresConnection?

            init(_ target: PostgresTarget, _ connection: PostgresConnection?) {
                (self.target, self.connection) = (target, connection)
            }

            func connected() throws -> PostgresConnection {
                if let connection, !connection.isLost { return connection }
                let fresh = try PostgresConnection(target, isWriter: false)
                connection = fresh
                return fresh
            }
        }

        /// A value that one thread alone touches.
        // Unchecked for that reason: only what runs on the value's worker reads it.
        final class Confined<Value>: @unchecked Sendable {
            let value: Value

            init(_ value: Value) { self.value = value }
        }

        /// Runs work on the writing thread, in the order of the calls.
        ///
        /// - Parameter giveUp: called instead where there is none.
        func onWriter(
            _ work: @escaping @Sendable (WriterState) -> Void,
            orElse giveUp: @escaping @Sendable (StoreError) -> Void
        ) {
            guard let writer else { return giveUp(StoreError(.readOnly, "\(target) was opened for reading")) }
            guard !isClosed.isRaised else {
                return giveUp(StoreError(.unavailable, "the store on \(target) is closed"))
            }
            writerThread.perform { work(writer.value) }
        }

        /// Runs work on the thread of the leases, in the order of the calls.
        ///
        /// - Parameter giveUp: called instead where there is none.
        func onLeases(
            _ work: @escaping @Sendable (LeaseSession) -> Void,
            orElse giveUp: @escaping @Sendable (StoreError) -> Void
        ) {
            guard let leaseThread else {
                return giveUp(StoreError(.readOnly, "\(target) was not opened for delivering"))
            }
            guard !isClosed.isRaised else {
                return giveUp(StoreError(.unavailable, "the store on \(target) is closed"))
            }
            leaseThread.perform { [leaseSession] in work(leaseSession.value) }
        }

        /// Answers once the threads that write and renew leases have worked off what they had.
        package func ping(_ completion: @escaping @Sendable () -> Void) {
            onWriter { [self] _ in
                onLeases { _ in
                    completion()
                } orElse: { _ in
                    completion()
                }
            } orElse: { _ in
                completion()
            }
        }

        /// Reads on the reading connection, once more where that was found lost.
        func read<Value: Sendable>(
            _ body: @escaping @Sendable (PostgresConnection) throws -> Value
        ) async throws(StoreError) -> Value {
            let result: Result<Value, StoreError> = await withCheckedContinuation { continuation in
                readerThread.perform { [reader, target] in
                    continuation.resume(returning: Self.read(reader.value, target, body))
                }
            }
            return try result.get()
        }

        private static func read<Value>(
            _ reader: ReaderState,
            _ target: PostgresTarget,
            _ body: (PostgresConnection) throws -> Value
        ) -> Result<Value, StoreError> {
            var isSecond = false
            while true {
                do {
                    return .success(try body(reader.connected()))
                } catch let failure as PostgresFailure where failure.isConnectionLost && !isSecond {
                    // It may have been lost long ago, by a restart that nobody noticed.
                    isSecond = true
                    reader.connection = nil
                } catch {
                    let error = reader.connection?.explained(error) ?? error
                    if reader.connection?.isLost == true { reader.connection = nil }
                    return .failure(StoreError(error, target))
                }
            }
        }
    }
#endif
