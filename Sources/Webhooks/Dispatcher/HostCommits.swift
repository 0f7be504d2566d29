internal import Synchronization
package import WebhookCore

/// The transactions of a host that carry something for the engine, which looks once they are committed: once for each,
/// however many events it carries.
package final class HostCommits: Sendable {
    private struct Transaction {
        /// The connection: an address alone may be another's by now.
        nonisolated(unsafe) weak var connection: AnyObject?
        var eventsOnly: Bool
    }

    private let transactions = Mutex<[ObjectIdentifier: Transaction]>([:])

    /// A connection's transaction carries something.
    ///
    /// - Returns: whether its end has to be waited for, because nobody does yet.
    package func note(_ connection: AnyObject, eventsOnly: Bool) -> Bool {
        let key = ObjectIdentifier(connection)
        nonisolated(unsafe) let connection = connection
        return transactions.withLock { transactions in
            if let known = transactions[key], known.connection != nil {
                transactions[key]?.eventsOnly = known.eventsOnly && eventsOnly
                return false
            }
            transactions[key] = Transaction(connection: connection, eventsOnly: eventsOnly)
            return true
        }
    }

    /// A connection's transaction has ended.
    ///
    /// - Returns: whether it carried nothing but events.
    package func end(_ connection: AnyObject) -> Bool {
        let key = ObjectIdentifier(connection)
        return transactions.withLock { $0.removeValue(forKey: key) }?.eventsOnly ?? false
    }
}

/// The part of emitting that a host's transaction shares with any other emit.
extension WebhookDispatcher {
    /// Throws where the configuration has a subscription that can't get the event for its id.
    package func check(_ event: Event) throws(WebhooksError) {
        try EventIDCheck(registry: registry).check(event)
    }
}
