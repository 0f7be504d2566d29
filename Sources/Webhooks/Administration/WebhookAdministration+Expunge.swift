internal import Logging
package import WebhookCore
internal import WebhooksSQLite

/// The events that were erased, and whether the files hold nothing of it any more.
package struct Expunged: Sendable, Hashable {
    package var result: ExpungeResult
    /// True when the write-ahead log was emptied afterwards. Else it holds older pages until a dispatcher has done so.
    package var isLogEmptied: Bool
    /// The obstacle that has kept it from being emptied, as far as anybody has said.
    package var obstacle: EmptyingObstacle?

    init(result: ExpungeResult, isLogEmptied: Bool, obstacle: EmptyingObstacle? = nil) {
        (self.result, self.isLogEmptied, self.obstacle) = (result, isLogEmptied, obstacle)
    }

    /// - Parameter obstacle: what keeps the log from being emptied; `nil`: it is.
    init(result: ExpungeResult, _ obstacle: EmptyingObstacle?) {
        self.init(result: result, isLogEmptied: obstacle == nil, obstacle: obstacle)
    }
}

/// Erasing what events carried.
extension WebhookAdministration {
    /// Erases events' data, tenants, bodies, headers and answers from the store's files. Tombstones keep id, topic and times,
    /// and are never sent again.
    ///
    /// - Parameters:
    ///   - ids: of events. Those that are open are left as they are.
    ///   - cancels: whether what is open is cancelled first; an attempt under way keeps its event open all the same.
    ///   - limit: how long to wait for a running dispatcher to empty the write-ahead log.
    package func expunge(
        _ ids: [String],
        cancels: Bool,
        waiting limit: Duration = .seconds(15)
    ) async throws(WebhooksError) -> Expunged {
        if cancels { _ = try await cancel(ids) } else { try await endAbandoned() }
        return try await erase(waiting: limit) { store throws(StoreError) in
            try await store.expunge(events: ids, at: .now)
        }
    }

    /// Erases what events carried as a step of a task, and cancels what is open first.
    ///
    /// - Returns: `nil` where the claim doesn't hold any more: then nothing is erased.
    package func expunge(
        _ ids: [String],
        for claim: TaskClaim,
        waiting limit: Duration = .seconds(15)
    ) async throws(WebhooksError) -> ExpungeResult? {
        _ = try await cancel(ids)
        var isHeld = true
        let erased = try await erase(waiting: limit) { store throws(StoreError) in
            guard let store = store as? any ReplayStore else {
                throw StoreError(.refused, "\(store.name) keeps nothing of the HTTP API")
            }
            let result = try await store.expunge(events: ids, for: claim, at: .now)
            isHeld = result != nil
            return result ?? ExpungeResult()
        }
        return isHeld ? erased.result : nil
    }

    /// Erases what came back on an attempt that has ended, from the store's files.
    ///
    /// - Returns: `false` where there is no such attempt, or it is under way.
    package func expungeAnswer(
        attempt number: Int,
        of delivery: Delivery.ID,
        waiting limit: Duration = .seconds(15)
    ) async throws(WebhooksError) -> Bool {
        let erased = try await erase(waiting: limit) { store throws(StoreError) in
            var result = ExpungeResult()
            if try await store.expungeAnswer(attempt: number, of: delivery) { result.attempts = 1 }
            return result
        }
        return erased.result.attempts == 1
    }

    /// Erases something from a store, then from its write-ahead log.
    private func erase(
        waiting limit: Duration,
        _ erase: (any WebhookStore) async throws(StoreError) -> ExpungeResult
    ) async throws(WebhooksError) -> Expunged {
        do throws(StoreError) {
            let file = try await log.stores.reader() as? SQLiteStore
            if let file, let lock = try Self.lockIfFree(file) {
                defer { lock.release() }
                // No dispatcher runs: this process is one for a moment, since that alone may empty the log.
                let store = try SQLiteStore.open(path: file.path, file.prefix, role: .dispatcher, lock: lock)
                defer { store.close() }
                let result = try await erase(store)
                note(result)
                guard result.hasErased else { return Expunged(result: result, isLogEmptied: true) }
                return Expunged(result: result, await Self.empty(store))
            }
            let store = try await log.stores.existingWriter()
            let result = try await erase(store)
            note(result)
            // What else there is of a row is the database's own to clear away.
            guard let store = store as? SQLiteStore, result.hasErased else {
                return Expunged(result: result, isLogEmptied: true)
            }
            return try await waitForEmptyLog(store, limit, result)
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Empties a log.
    ///
    /// - Returns: what is in the way; `nil`: it is empty. What was erased is so in any case.
    private static func empty(_ dispatcher: SQLiteStore) async -> EmptyingObstacle? {
        do throws(StoreError) {
            return EmptyingObstacle(try await dispatcher.emptyWAL())
        } catch {
            return EmptyingObstacle(error)
        }
    }

    private static func lockIfFree(_ store: SQLiteStore) throws(StoreError) -> DispatcherLock? {
        do throws(StoreError) {
            return try DispatcherLock.acquire(path: store.path, store.prefix, role: "expunge")
        } catch  where error.code == .locked {
            return nil
        }
    }

    /// Asks the dispatcher to empty the log, and waits until it has; where it ends meanwhile, does so itself.
    private func waitForEmptyLog(
        _ store: SQLiteStore,
        _ limit: Duration,
        _ result: ExpungeResult
    ) async throws(StoreError) -> Expunged {
        let isAsked = store.requestEmptyWAL()
        let deadline = ContinuousClock.now + limit
        while true {
            if isAsked, !store.isEmptyWALRequested { return Expunged(result: result, isLogEmptied: true) }
            if let lock = try Self.lockIfFree(store) {
                defer { lock.release() }
                let dispatcher = try SQLiteStore.open(path: store.path, store.prefix, role: .dispatcher, lock: lock)
                defer { dispatcher.close() }
                store.clearEmptyWALRequest()
                return Expunged(result: result, await Self.empty(dispatcher))
            }
            guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(20))) != nil else {
                return Expunged(result: result, isLogEmptied: false, obstacle: store.emptyingObstacle)
            }
        }
    }

    private func note(_ result: ExpungeResult) {
        guard !result.events.isEmpty else { return }
        log.stores.lines.line(
            .info,
            "erased by hand",
            ["events": "\(result.events.count)", "deliveries": "\(result.deliveries)"]
        )
    }
}

extension ExpungeResult {
    /// Tells whether something is gone that the write-ahead log may still hold.
    fileprivate var hasErased: Bool { !events.isEmpty || attempts > 0 }
}
