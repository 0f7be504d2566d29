/// Where events, deliveries and attempts are kept: the engine's side of a store.
///
/// One writer at a time: the dispatcher that holds the lock. Others may append events and retriggers, cancel, and read
/// (``EventLog``). Everything is durable when a completion reports success.
public protocol DeliveryStore: Sendable {
    /// Applies a batch in one transaction, in the order of ``StoreBatch``'s members, then reads what the batch asks for
    /// in the same transaction.
    ///
    /// All or nothing: on failure the store is as before, and the batch may be tried again. Batches are applied in
    /// the order of the calls.
    /// - Parameter completion: called once, on a queue of the store's, after the commit is durable.
    func commit(_ batch: StoreBatch, completion: @escaping @Sendable (Result<StoreBatchResult, StoreError>) -> Void)

    /// Whether another connection has written since the last call. Cheap: called several times a second.
    func checkForeignWrites(completion: @escaping @Sendable (Bool) -> Void)
}
