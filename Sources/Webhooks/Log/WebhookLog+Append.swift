internal import SQLiteStore
public import WebhookCore

/// Appending. A dispatcher on the store, in this process or another, finds out who wants an event and delivers it.
extension WebhookLog {
    /// Stores an event durably; returns once it is on disk. Makes the store where there is none.
    ///
    /// - Throws: ``WebhooksError`` with `event` where another event has this id, with `store` where it could not be stored:
    ///   then nothing is acknowledged, and it may be appended again.
    @discardableResult
    public func append(_ event: Event) async throws(WebhooksError) -> EmitReceipt {
        let result: AcceptanceResult
        do throws(StoreError) {
            result = try await stores.writer().append(event, target: nil)
        } catch {
            throw WebhooksError(accepting: error)
        }
        return try AcceptedEvent(event, result, isWithEngine: false).receipt
    }

    /// Stores events durably in one transaction: all of them, or on an error none.
    ///
    /// - Throws: ``WebhooksError`` as ``append(_:)-(Event)`` does; events beside one whose id is taken are stored.
    @discardableResult
    public func append(_ events: [Event]) async throws(WebhooksError) -> [EmitReceipt] {
        let results: [AcceptanceResult]
        do throws(StoreError) {
            results = try await stores.writer().append(events)
        } catch {
            throw WebhooksError(accepting: error)
        }
        var receipts: [EmitReceipt] = []
        for (event, result) in zip(events, results) {
            receipts.append(try AcceptedEvent(event, result, isWithEngine: false).receipt)
        }
        return receipts
    }
}
