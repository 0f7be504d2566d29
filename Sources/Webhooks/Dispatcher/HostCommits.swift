internal import Synchronization
package import WebhookCore
package import WebhooksSQLite

/// The transactions of a host that carry something for the engine, which looks once they are committed: once for each,
/// however many events it carries.
package final class HostCommits: Sendable {
    private struct Transaction {
        /// The connection: an address alone may be another's by now.
        nonisolated(unsafe) weak var connection: AnyObject?
        var eventsOnly: Bool
        /// Events that are new with it.
        var events = 0
        var notices: [WebhookNotice] = []
    }

    /// A transaction that has ended, as far as it is ours.
    package struct Ended: Sendable {
        /// True when it carried nothing but events.
        var eventsOnly: Bool
        var events: Int
        /// The notices to give once it is committed.
        var notices: [WebhookNotice]
    }

    private let transactions = Mutex<[ObjectIdentifier: Transaction]>([:])

    /// A connection's transaction carries something.
    ///
    /// - Parameters:
    ///   - eventsOnly: whether nothing but events.
    ///   - events: the number of events that are new with it.
    /// - Returns: whether its end has to be waited for, because nobody does yet.
    package func note(
        _ connection: AnyObject,
        eventsOnly: Bool,
        events: Int = 0,
        _ notice: WebhookNotice? = nil
    ) -> Bool {
        let key = ObjectIdentifier(connection)
        nonisolated(unsafe) let connection = connection
        return transactions.withLock { transactions in
            if let known = transactions[key], known.connection != nil {
                transactions[key]?.eventsOnly = known.eventsOnly && eventsOnly
                transactions[key]?.events += events
                transactions[key]?.notices += [notice].compactMap(\.self)
                return false
            }
            transactions[key] = Transaction(
                connection: connection,
                eventsOnly: eventsOnly,
                events: events,
                notices: [notice].compactMap(\.self)
            )
            return true
        }
    }

    /// A connection's transaction has ended.
    ///
    /// - Returns: what it carried.
    package func end(_ connection: AnyObject) -> Ended {
        let key = ObjectIdentifier(connection)
        let ended = transactions.withLock { $0.removeValue(forKey: key) }
        return Ended(eventsOnly: ended?.eventsOnly ?? false, events: ended?.events ?? 0, notices: ended?.notices ?? [])
    }
}

/// The part of emitting and cancelling that a host's transaction shares with any other.
extension WebhookDispatcher {
    /// The beginning of the names of the store's tables.
    package func tablePrefix() throws(WebhooksError) -> TablePrefix { try stores.tablePrefix() }

    /// Looks for what a host has committed, and tells of it.
    package func committed(_ transaction: HostCommits.Ended) {
        metrics?.emitted(.stored, transaction.events)
        wake(eventsOnly: transaction.eventsOnly)
        notifier.send { transaction.notices }
    }

    /// Throws where the topic is the dispatcher's own, or a subscription can't get the event for its id.
    package func check(_ event: Event) throws(WebhooksError) {
        try event.checkTopicIsFree()
        try EventIDCheck(registry: registry).check(event)
    }
}
