/// A store of events, deliveries and attempts: the engine's side of it.
///
/// One writer at a time: the dispatcher that holds the lock. Others may append events and retriggers, cancel, and read
/// (``EventLog``). Everything is durable when a completion reports success.
package protocol DeliveryStore: Sendable {
    /// Applies a batch in one transaction, in the order of ``StoreBatch``'s members, then reads what the batch asks for
    /// in the same transaction.
    ///
    /// All or nothing: on failure the store is as before, and the batch may be tried again. Batches are applied in
    /// the order of the calls.
    /// - Parameter completion: called once, on a queue of the store's, after the commit is durable.
    func commit(_ batch: StoreBatch, completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void)

    /// Applies, in one transaction, batches that are only taken when it begins: what has come up until then shares the
    /// wait for the disk.
    ///
    /// All or nothing, and in the order of the calls, as ``commit(_:completion:)``.
    /// - Parameters:
    ///   - next: gives a batch; `nil`: there is nothing (more). Called on a queue of the store's, at the beginning and as
    ///     often as the store likes until it gives `nil`.
    ///   - completion: called once, on a queue of the store's, after the commit is durable, with a result for each batch.
    func commit(
        next: @escaping @Sendable () -> StoreBatch?,
        completion: @escaping @Sendable (Result<[StoreBatchResult], StoreError>) -> Void
    )

    /// Tells whether another connection has written since the last call. Cheap: called several times a second.
    ///
    /// - Parameter completion: gets an error only where it is final (``StoreError/isFinal``), such as a file of the store
    ///   that was replaced.
    func checkExternalWrites(completion: @escaping @Sendable (Result<Bool, StoreError>) -> Void)

    /// Answers once what was given before is worked off, done or failed: proof that it hangs nowhere.
    ///
    /// - Parameter completion: called on a queue of the store's.
    func ping(_ completion: @escaping @Sendable () -> Void)
}

extension DeliveryStore {
    package func ping(_ completion: @escaping @Sendable () -> Void) { completion() }

    package func commit(
        next: @escaping @Sendable () -> StoreBatch?,
        completion: @escaping @Sendable (Result<[StoreBatchResult], StoreError>) -> Void
    ) {
        guard let batch = next() else { return completion(.success([])) }
        commit(batch) { result in completion(result.map { [$0] }) }
    }
}

/// The reason why a store did not do what it was asked to.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of error. A later version may know more of them: a `switch` needs a default.
    public struct Code: RawRepresentable, Sendable, Hashable {
        package enum Kind: String, Sendable {
            case missing, unavailable, locked, busy, full, damaged, refused, replaced, closed
            case readOnly = "read_only"
            case newerSchema = "newer_schema"
        }

        /// For a `switch` over all there are.
        package let kind: Kind

        private init(_ kind: Kind) {
            self.kind = kind
        }

        /// The error of a name such as `locked`; `nil` for an unknown one.
        public init?(rawValue: String) {
            guard let kind = Kind(rawValue: rawValue) else { return nil }
            self.init(kind)
        }

        /// The name, such as `locked`.
        public var rawValue: String { kind.rawValue }

        /// There is no store at that place.
        public static var missing: Code { Code(.missing) }
        /// It can't be opened, read or written.
        public static var unavailable: Code { Code(.unavailable) }
        /// Another dispatcher holds the lock.
        public static var locked: Code { Code(.locked) }
        /// A writer held the database for too long.
        public static var busy: Code { Code(.busy) }
        /// No room on the disk.
        public static var full: Code { Code(.full) }
        /// The folder or file may not be written.
        public static var readOnly: Code { Code(.readOnly) }
        /// Not our database, or damaged.
        public static var damaged: Code { Code(.damaged) }
        /// It won't take this one row: its size, a constraint, a trigger. Others are taken as before.
        public static var refused: Code { Code(.refused) }
        /// One of its files was deleted, renamed, replaced, cut off or given a second name while it was open.
        public static var replaced: Code { Code(.replaced) }
        /// The host has closed the database that it shares with the store.
        public static var closed: Code { Code(.closed) }
        /// The schema is newer than this program.
        public static var newerSchema: Code { Code(.newerSchema) }
    }

    /// For programs.
    public var code: Code
    /// For people: what happened, to which file, and what to do next.
    public var message: String
    /// This is the advice where neither message nor code says it, worded by whoever shows the error.
    package var remedy: Remedy?
    /// True when the transaction may have been committed all the same, now or in a moment: the answer to its COMMIT is
    /// lost.
    package var isOutcomeUnknown = false

    /// Makes an error of a code, and what happened in words.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// - Parameter remedy: what can be done about it.
    package init(_ code: Code, _ message: String, remedy: Remedy) {
        self.init(code, message)
        self.remedy = remedy
    }

    /// The message.
    public var description: String { message }

    /// Hashes what is said: the same words are the same error.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(message)
    }

    /// True when trying again can't mend it: what works on the store has to stop.
    public var isFinal: Bool {
        switch code.kind {
        case .damaged, .replaced, .closed, .newerSchema: true
        case .missing, .unavailable, .locked, .busy, .full, .readOnly, .refused: false
        }
    }
}
