/// Why an event was not stored within a host's transaction. Let it end the transaction: the host's change must not go on
/// without its event.
public struct HostTransactionError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of refusal it is. Stable, to match on.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        public let description: String

        /// Another event with this id and other content is stored already.
        public static let conflict = Code(description: "conflict")
        /// No transaction is open: the event would be stored whatever becomes of the host's change.
        public static let noTransaction = Code(description: "no_transaction")
        /// The connection doesn't wait for the disk: what it commits may be lost by a power failure.
        public static let notDurable = Code(description: "not_durable")
        /// A file of the database was deleted, renamed, replaced or given a second name while it was open.
        public static let replaced = Code(description: "replaced")
    }

    public var code: Code
    /// For people: what happened, and what to do next.
    public var description: String
}
