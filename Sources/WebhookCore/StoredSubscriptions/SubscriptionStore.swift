/// The part of a store that keeps subscriptions.
///
/// Every change raises the store's version, in the transaction of the change; each row says at which version it became what
/// it is. So whoever knows the subscriptions of one version reads only what has changed since.
///
/// ``StoredSubscription/isDisabled`` and a disabling by hand in ``SubscriptionHealth`` are the same: whichever is written, in one
/// transaction the other is, too. ``EventLog/setDisabled(_:subscription:at:)`` is a change of the row, then.
package protocol SubscriptionStore: Sendable {
    /// Makes changes in one transaction, together with the answer to the request that asked for them: all or none.
    func apply(
        _ changes: [StoredSubscriptionChange],
        answer: StoredAnswer?
    ) async throws(StoreError) -> StoredSubscriptionResult

    /// Cancels what is open of a subscription that is gone: at once what waits, after its attempt what is in flight.
    ///
    /// - Parameter detail: why, kept with each that waited.
    /// - Returns: the number of deliveries.
    func endDeliveries(
        of subscription: String,
        detail: String,
        at instant: Timestamp
    ) async throws(StoreError) -> Int

    /// The number of the last change; 0: there was none.
    func subscriptionsVersion() async throws(StoreError) -> Int64

    /// The names of living subscriptions in the order of their last changes.
    func storedNames() async throws(StoreError) -> [String]

    /// The rows that have changed since a version, by the number of the change, deleted ones among it.
    func subscriptions(changedSince version: Int64, limit: Int) async throws(StoreError) -> [StoredSubscription]

    /// The living subscription of an id.
    func storedSubscription(_ id: String) async throws(StoreError) -> StoredSubscription?

    /// The living subscription of an application's own id, within a tenant.
    func storedSubscription(uid: String, ofTenant tenant: String) async throws(StoreError) -> StoredSubscription?

    /// The rows of ids, deleted ones among them, in no order.
    func storedSubscriptions(ids: [String]) async throws(StoreError) -> [StoredSubscription]

    /// Owners by the names of their subscriptions, deleted ones among them; a name that the store hasn't given is left out.
    func owners(of names: [String]) async throws(StoreError) -> [String: SubscriptionOwner]

    /// Living subscriptions of a tenant by id; `nil`: of all.
    func storedSubscriptions(ofTenant tenant: String?, _ page: PageWalk) async throws(StoreError)
        -> [StoredSubscription]
}

extension SubscriptionStore {
    /// Makes changes that no request waits for: all or none.
    package func apply(_ changes: [StoredSubscriptionChange]) async throws(StoreError) -> StoredSubscriptionResult {
        try await apply(changes, answer: nil)
    }
}

/// A change of the subscriptions that a store keeps.
package enum StoredSubscriptionChange: Sendable, Hashable {
    /// - Parameter most: the most that may live of its tenant, this one among them; `nil`: any number.
    case insert(StoredSubscription, most: Int? = nil)
    /// Replaces what is not given by the store, where the row is still at the version that was read.
    ///
    /// - Parameter enables: whether it is enabled also where the dispatcher has disabled it. Not for one that is disabled by hand.
    case update(StoredSubscription, enables: Bool = false)
    /// Everything that was given with it is gone at once, secrets above all; its row stays with id, name and tenant.
    case delete(id: String, at: Timestamp)
}

/// The result of changes of subscriptions.
package enum StoredSubscriptionResult: Sendable, Hashable {
    /// Made; the store's version now.
    case done(version: Int64)
    /// The row to be changed is gone.
    case missing(id: String)
    /// An id, name or uid is another's.
    case taken(id: String)
    /// Its tenant has as many as it may.
    case full
    /// It was changed since it was read: read it again.
    case outdated(id: String)
    /// The request was answered before; nothing was changed.
    case answered
}
