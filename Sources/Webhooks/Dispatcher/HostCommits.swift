internal import Synchronization
package import WebhookCore

/// The transactions of a host that carry something for the engine, which looks once they are committed: once for each,
/// however many events it carries.
package final class HostCommits: Sendable {
    private struct Transaction {
        /// The connection: an address alone may be another's by now.
        nonisolated(unsafe) weak var connection: AnyObject?
        var eventsOnly: Bool
        var notices: [WebhookNotice] = []
    }

    private let transactions = Mutex<[ObjectIdentifier: Transaction]>([:])

    /// A connection's transaction carries something.
    ///
    /// - Returns: whether its end has to be waited for, because nobody does yet.
    package func note(_ connection: AnyObject, eventsOnly: Bool, _ notice: WebhookNotice? = nil) -> Bool {
        let key = ObjectIdentifier(connection)
        nonisolated(unsafe) let connection = connection
        return transactions.withLock { transactions in
            if let known = transactions[key], known.connection != nil {
                transactions[key]?.eventsOnly = known.eventsOnly && eventsOnly
                transactions[key]?.notices += [notice].compactMap(\.self)
                return false
            }
            transactions[key] = Transaction(
                connection: connection,
                eventsOnly: eventsOnly,
                notices: [notice].compactMap(\.self)
            )
            return true
        }
    }

    /// A connection's transaction has ended.
    ///
    /// - Returns: whether it carried nothing but events, and what is to be told once it is committed.
    package func end(_ connection: AnyObject) -> (eventsOnly: Bool, notices: [WebhookNotice]) {
        let key = ObjectIdentifier(connection)
        let ended = transactions.withLock { $0.removeValue(forKey: key) }
        return (ended?.eventsOnly ?? false, ended?.notices ?? [])
    }
}

/// The part of emitting and cancelling that a host's transaction shares with any other.
extension WebhookDispatcher {
    /// Looks for what a host has committed, and tells of it.
    package func committed(_ transaction: (eventsOnly: Bool, notices: [WebhookNotice])) {
        wake(eventsOnly: transaction.eventsOnly)
        notifier.send { transaction.notices }
    }

    /// Throws where the configuration has a subscription that can't get the event for its id.
    package func check(_ event: Event) throws(WebhooksError) {
        try EventIDCheck(registry: registry).check(event)
    }
}
