package import WebhookCore
internal import WebhookRendering

/// The keys that the secrets in a store are sealed with.
package struct SealingReport: Sendable, Hashable {
    /// The id of the key that seals: the first one; `nil`: there is none.
    package var currentKey: String?
    /// Subscriptions with secrets.
    package var subscriptions = 0
    /// The number of subscriptions whose secrets were sealed with the current key now.
    package var resealed = 0
    /// The number of subscriptions that have a secret under another key.
    package var left = 0
    /// The number of them by that key's id.
    package var remaining: [String: Int] = [:]
    /// Ids of keys among those that the configuration doesn't have: nobody can open what is sealed with them.
    package var unknownKeys: [String] = []
    /// Ids of subscriptions with a secret that no key opens: it was changed, or belongs elsewhere.
    package var damaged: [String] = []

    /// Tells whether every secret is sealed with the current key.
    package var isComplete: Bool { left == 0 }
}

/// Changing the key that seals secrets.
extension WebhookAdministration {
    /// The most subscriptions of one transaction.
    private static let page = 100
    /// The number of times that a subscription is read again that somebody else has changed.
    private static let mostReadings = 5

    /// Seals every secret in the store with the first of some keys. What is sealed with it already is passed over: an interrupted
    /// run goes on where it was, and another process may serve, change and deliver meanwhile.
    ///
    /// - Parameters:
    ///   - keys: the first seals, all open; without any it only counts.
    ///   - changes: `false` only counts.
    ///   - goesOn: told how far it is, after each transaction; `false` ends it there.
    package func reseal(
        with keys: [Secret],
        changes: Bool = true,
        goesOn: (SealingReport) -> Bool = { _ in true }
    ) async throws(WebhooksError) -> SealingReport {
        let sealing: SealingKeys?
        do throws(SealingError) {
            sealing = keys.isEmpty ? nil : try SealingKeys(keys)
        } catch {
            throw WebhooksError(.configuration, "server.encryptionKey: \(error)", remedy: error.remedy)
        }
        do throws(StoreError) {
            let changes = changes && sealing != nil
            let store = changes ? try await log.stores.existingWriter() : try await log.stores.reader()
            guard let store = store as? any SubscriptionStore else {
                throw StoreError(.refused, "\(store.name) keeps no subscriptions")
            }
            return try await Resealing(store: store, keys: sealing, changes: changes).run(goesOn)
        } catch {
            throw WebhooksError(error)
        }
    }

    /// A walk over all subscriptions of a store.
    private struct Resealing {
        let store: any SubscriptionStore
        let keys: SealingKeys?
        let changes: Bool

        func run(_ goesOn: (SealingReport) -> Bool) async throws(StoreError) -> SealingReport {
            var report = SealingReport(currentKey: keys?.currentID)
            var walk = PageWalk(limit: WebhookAdministration.page)
            while true {
                let rows = try await store.storedSubscriptions(ofTenant: nil, walk)
                guard let last = rows.last else { return report }
                var changed: [StoredSubscription] = []
                for row in rows where !row.keyIDs.isEmpty {
                    report.subscriptions += 1
                    if let fresh = resealed(row, &report) { changed.append(fresh) }
                }
                if changes { report.resealed += try await write(changed, &report) }
                walk.from = last.id
                guard goesOn(report) else { return report }
            }
        }

        /// The row under the current key; `nil` where there is nothing to do, or nothing can be done. Counts what remains.
        private func resealed(_ row: StoredSubscription, _ report: inout SealingReport) -> StoredSubscription? {
            let others = others(row)
            guard !others.isEmpty else { return nil }
            var fresh = row
            do throws(SealingError) {
                guard changes, try keys?.reseal(&fresh) == true else {
                    note(others, &report)
                    return nil
                }
                return fresh
            } catch {
                if case .unknownKey = error {} else { report.damaged.append(row.id) }
                note(others, &report)
                return nil
            }
        }

        /// The keys of a row's secrets that are not the current one.
        private func others(_ row: StoredSubscription) -> Set<String> {
            row.keyIDs.filter { $0 != keys?.currentID }
        }

        private func note(_ keyIDs: Set<String>, _ report: inout SealingReport) {
            report.left += 1
            for id in keyIDs {
                report.remaining[id, default: 0] += 1
                if keys?.ids.contains(id) != true, !report.unknownKeys.contains(id) { report.unknownKeys.append(id) }
            }
        }

        /// Writes rows, all at once where nobody has changed one of them since; the number that was written.
        private func write(
            _ rows: [StoredSubscription],
            _ report: inout SealingReport
        ) async throws(StoreError) -> Int {
            guard !rows.isEmpty else { return 0 }
            if case .done = try await store.apply(rows.map { .update($0) }) { return rows.count }
            var count = 0
            for row in rows where try await writeAlone(row, &report) { count += 1 }
            return count
        }

        private func writeAlone(
            _ row: StoredSubscription,
            _ report: inout SealingReport
        ) async throws(StoreError) -> Bool {
            var fresh = row
            for _ in 0..<WebhookAdministration.mostReadings {
                if case .done = try await store.apply([.update(fresh)]) { return true }
                // It is gone, or was sealed with the current key meanwhile.
                guard let read = try await store.storedSubscription(row.id), !others(read).isEmpty else { return false }
                guard let again = resealed(read, &report) else { return false }
                fresh = again
            }
            note(others(row), &report)
            return false
        }
    }
}
