internal import Logging
package import WebhookCore
internal import WebhookEngine
internal import WebhookRegistry

/// The subscriptions that are kept in the store: in force beside those of the configuration, by the same rules.
///
/// They are read when a dispatcher starts, and followed from then on, whoever changes them. An event that was matched by older
/// ones is not delivered by them: the transaction that accepts it compares versions, and it waits in the store until the newer
/// ones are in force.
extension WebhookDispatcher {
    /// The time between two looks for changes while ``run(until:whenLocked:)`` runs.
    static let followInterval: Duration = .seconds(1)
    /// The rows that are read at a time.
    private static let followedRows = 2_000

    /// The store's subscriptions.
    ///
    /// - Throws: ``WebhooksError`` with `refused` where the store keeps none.
    package func subscriptionStore() async throws(WebhooksError) -> any SubscriptionStore {
        let store: any WebhookStore
        do throws(StoreError) {
            store = try await stores.writer()
        } catch {
            throw WebhooksError(error)
        }
        guard let store = store as? any SubscriptionStore else {
            throw WebhooksError(.refused, "\(store.name) keeps no subscriptions")
        }
        return store
    }

    /// Puts into force what was committed of the store's subscriptions before the call: for whoever has changed them, and for
    /// commands. Costs what has changed. Does nothing where there is no store yet, or it keeps none.
    package func followStored() async throws(WebhooksError) {
        do throws(StoreError) {
            if let session = state.withLock({ $0.session }) {
                try await followStored(in: session.store)
            } else {
                try await followStored(in: stores.reader())
            }
        } catch {
            if error.code == .missing { return }
            throw WebhooksError(error)
        }
    }

    func followStored(in store: any WebhookStore) async throws(StoreError) {
        guard let store = store as? any SubscriptionStore else { return }
        while true {
            // First this one, for others follow beside: then it is never ahead of the store.
            let known = state.withLock { $0.snapshot.registry.storedVersion }
            let current = try await store.subscriptionsVersion()
            if known == current { return }
            if known > current {
                // An older copy of the store is there in its place.
                await LoadingThread.shared.run { [self] in forgetStored(after: known) }
                continue
            }
            let rows = try await store.subscriptions(changedSince: known, limit: Self.followedRows)
            // Who is disabled comes first: by then an event that is matched by these rows goes by it.
            let registry = registry
            try await learnHealth(of: rows.filter { registry.given(named: $0.name) != nil }.map(\.name))
            await LoadingThread.shared.run { [self] in take(rows, after: known, to: rows.last?.version ?? current) }
        }
    }

    /// Puts into force here what was decided by hand about a subscription, and is committed. Where that takes too long, the engine
    /// hears of it with its next look at the store.
    func follow(decisionAbout name: String) async {
        do {
            if registry.source(of: name) == .store {
                // It is a change of its row.
                try await followStored()
            } else {
                try await learnHealth(of: [name])
            }
        } catch {
            lines.line(.warning, "whether it is disabled is not read yet: \(error)", ["subscription": "\(name)"])
        }
    }

    /// Returns once what the store has of the health of subscriptions is in force in the engine that runs here, if one does.
    private func learnHealth(of names: [String]) async throws(StoreError) {
        guard !names.isEmpty, let session = state.withLock({ $0.session }) else { return }
        if await session.runner.learnHealth(of: names, within: Self.storePatience) { return }
        throw StoreError(.unavailable, "the store has not told yet who is disabled")
    }

    /// The longest wait for the engine's next transaction.
    private static let storePatience: Duration = .seconds(10)

    /// Follows the store until the task is cancelled.
    func keepFollowingStored(of session: DeliverySession) async {
        repeat {
            // A store that can't be read is told of elsewhere.
            try? await followStored(in: session.store)
            await retryRefusedKeys()
            await endDeleted(of: session)
        } while (try? await Task.sleep(for: Self.followInterval)) != nil
    }

    /// Cancels what is open of subscriptions that were deleted: nothing would ever send it. What is on the wire is cut off: its
    /// receiver may hang.
    func endDeleted(of session: DeliverySession) async {
        let store = session.store
        guard let keeper = store as? any SubscriptionStore else { return }
        for name in state.withLock({ $0.deletedNames }) {
            do throws(StoreError) {
                // Another may have the name by now.
                if registry.source(of: name) == nil {
                    session.runner.cancelRequests(of: name, reason: Self.deletedReason)
                    let open = try await store.openDeliveries(of: name)
                    if open.waiting + open.inFlight > 0 {
                        let count = try await keeper.endDeliveries(of: name, detail: Self.deletedDetail, at: .now)
                        let metadata: Logger.Metadata = ["subscription": "\(name)", "deliveries": "\(count)"]
                        lines.line(.info, "cancelled what was open of a deleted subscription", metadata)
                    }
                }
            } catch {
                // Again after the next look.
                return
            }
            state.withLock { _ = $0.deletedNames.remove(name) }
        }
    }

    /// The reason that deliveries of a deleted subscription are cancelled for.
    static let deletedDetail = "its subscription was deleted"
    private static let deletedReason = "the subscription was deleted"

    /// Follows the store because events wait for it.
    func catchUpWithStored() async {
        while let session = state.withLock({ $0.session }) {
            if (try? await followStored(in: session.store)) != nil { return }
            guard (try? await Task.sleep(for: Self.followInterval)) != nil else { return }
        }
    }

    /// Takes all of the store's subscriptions out of force, on the loading thread.
    ///
    /// - Parameter known: the version that is in force.
    private func forgetStored(after known: Int64) {
        let before = state.withLock { $0.snapshot }
        guard before.registry.storedVersion == known else { return }
        var change = SubscriptionChange()
        change.removed = before.registry.givenSubscriptions.filter { $0.stored != nil }.map(\.draft.name)
        let checks = state.withLock { state in
            state.storedNames = StoredNames()
            return state.templateChecks
        }
        swap(before, change, checks, storedVersion: 0, warnings: [])
    }

    /// Puts rows into force, on the loading thread.
    ///
    /// - Parameters:
    ///   - known: the version that they follow on. Where another is in force by now, they are to be read again.
    ///   - version: that of the last one.
    private func take(_ rows: [StoredSubscription], after known: Int64, to version: Int64) {
        let (before, rules) = state.withLock { ($0.snapshot, $0.rules) }
        guard before.registry.storedVersion == known else { return }
        var (checks, names) = state.withLock { state in
            // Nobody else has them meanwhile: they are changed in place.
            defer { state.storedNames = StoredNames() }
            return (state.templateChecks, state.storedNames)
        }
        let change = SubscriptionChange(rows, &names, before.registry, rules, &checks)
        state.withLock { state in
            state.storedNames = names
            state.deletedNames.formUnion(rows.lazy.filter { $0.deletedAt != nil }.map(\.name))
        }
        if !change.errors.isEmpty {
            tellRefused(
                change.errors,
                "; events pass it by until that is mended, and `replay-missing` of the HTTP API makes up for it then"
            )
        }
        swap(before, change, checks, storedVersion: version, warnings: [])
    }
}
