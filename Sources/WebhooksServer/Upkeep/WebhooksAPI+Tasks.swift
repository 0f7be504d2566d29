internal import Logging
internal import WebhookCore
internal import Webhooks

/// Background tasks: each is one process's at a time, whoever has been asked for it.
extension WebhooksAPI {
    /// Works on tasks that nobody works on, one after the other, until there are none.
    package func takeUpTasks() async {
        guard let place = tasks.places.take(), let next = await claimNext() else { return }
        await work(on: next, place)
    }

    /// Works on a task, then on others that nobody works on.
    ///
    /// - Parameter place: kept until there are none.
    func work(on first: ClaimedTask, _ place: Place) async {
        var next: ClaimedTask? = first
        while let claimed = next {
            // What kept it from going on may keep others: they come with the next round.
            guard await work(on: claimed) else { break }
            next = await claimNext()
        }
        withExtendedLifetime(place) {}
    }

    private func claimNext() async -> ClaimedTask? {
        guard !isStopping, !Task.isCancelled else { return nil }
        do {
            let store = try await dispatcher.platformStore()
            return try await tasks.claimNext(in: store).map { task, claim in
                ClaimedTask(api: self, store: store, task: task, claim: claim)
            }
        } catch {
            logger.warning("background tasks can't be taken up", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// Works on a task; `false` where it could not go on.
    private func work(on claimed: ClaimedTask) async -> Bool {
        do {
            let result = try await result(of: claimed)
            try await claimed.take(.end(result.state, data: result.data.encoded.text, at: .now))
            return true
        } catch ClaimedTask.Interruption.lost {
            logger.notice("a background task is another server's now", metadata: ["task": "\(claimed.task.id)"])
            return true
        } catch ClaimedTask.Interruption.stopping {
            // Else it waits until the claim has run out.
            try? await claimed.take(.release)
            return false
        } catch {
            // It stays `running`: whoever looks first goes on once the claim has run out.
            let metadata: Logger.Metadata = ["task": "\(claimed.task.id)", "error": "\(error)"]
            logger.warning("a background task is interrupted", metadata: metadata)
            return false
        }
    }

    private func result(of claimed: ClaimedTask) async throws -> TaskResult {
        // It may be taken up before the endpoint is in force.
        try await dispatcher.followStored()
        guard let id = claimed.task.application, let application = try await claimed.store.application(id) else {
            return .failed("the application is gone")
        }
        guard let kind = TaskKind(rawValue: claimed.task.kind) else { return .failed("the task is of no known kind") }
        if kind == .purge { return try await PurgeTask(claimed: claimed).run(application) }
        guard let task = ReplayTask(claimed, kind) else { return .failed("the task's parameters can't be read") }
        return try await task.run(application)
    }
}

extension APIContext {
    /// Begins a task, and keeps the answer with it. Where this process works on as many as it may, whoever is free first takes
    /// it.
    func start(
        _ kind: TaskKind,
        _ parameters: String,
        _ application: Application
    ) async throws(APIError) -> APIResponse {
        let task = BackgroundTask(
            id: api.ids.next("qtask_", at: now),
            kind: kind.rawValue,
            application: application.id,
            parameters: parameters,
            updatedAt: now
        )
        let answer = APIResponse(
            202,
            [
                "id": .string(task.id), "status": .string(task.state.rawValue), "task": .string(task.kind),
                "updatedAt": .time(task.updatedAt),
            ]
        )
        let place = api.tasks.places.take()
        let claim = place.map { _ in api.tasks.claim(task.id) }
        let stored = storedAnswer(answer)
        let store = try await store()
        let result: PlatformResult
        do throws(StoreError) {
            result = try await store.apply([.insertTask(task, claim)], answer: stored)
        } catch {
            throw APIError(error)
        }
        if result == .answered { return try await earlierAnswer() ?? answer }
        if let place, let claim {
            let claimed = ClaimedTask(api: api, store: store, task: task, claim: claim)
            Task { [api] in await api.work(on: claimed, place) }
        }
        return answer
    }
}
