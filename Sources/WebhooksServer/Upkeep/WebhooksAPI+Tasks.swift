internal import Logging
internal import WebhookCore
internal import Webhooks

/// Background tasks: each is one process's at a time, whoever has been asked for it.
extension WebhooksAPI {
    /// Works on tasks that nobody works on, one after the other, until there are none.
    package func takeUpTasks() async {
        guard let place = tasks.places.take() else { return }
        // What kept one from going on may keep others: they come with the next round.
        while let claimed = await claimNext(), await work(on: claimed) {}
        withExtendedLifetime(place) {}
    }

    private func claimNext() async -> ClaimedTask? {
        guard !isStopping, !Task.isCancelled else { return nil }
        do {
            let store = try await dispatcher.platformStore()
            return try await tasks.claimNext(in: store).map { task, claim in
                ClaimedTask(api: self, store: store, task: task, claim: claim)
            }
        } catch let error where error.storeFailure != nil {
            if let cause = error.storeFailure { upkeepOutage.failed(cause, isChange: true, at: .now) }
            return nil
        } catch {
            lines.line(.warning, "background tasks can't be taken up", ["error": "\(error)"])
            return nil
        }
    }

    /// Works on a task; `false` where it could not go on.
    private func work(on claimed: ClaimedTask) async -> Bool {
        do {
            // What ends the process, or a store that takes no more of it, leaves no other trace.
            let isHopeless = claimed.task.attempts > TaskTimes.mostAttempts
            let result = isHopeless ? .failed("it was cut off again and again") : try await result(of: claimed)
            try await claimed.end(result)
            return true
        } catch ClaimedTask.Interruption.lost {
            lines.line(.notice, "a background task is another server's now", ["task": "\(claimed.task.id)"])
            return true
        } catch ClaimedTask.Interruption.stopping {
            // Else it waits until the claim has run out.
            try? await claimed.take(.release)
            return false
        } catch {
            await postpone(claimed, error)
            return false
        }
    }

    /// Lets a task that has failed wait for its next attempt, or ends it.
    private func postpone(_ claimed: ClaimedTask, _ error: any Error) async {
        // With progress since it was claimed, its attempts count from 1 again.
        let attempts = (try? await claimed.store.task(claimed.task.id))?.attempts ?? claimed.task.attempts
        let delay = tasks.times.retry(after: attempts)
        lines.line(
            .warning,
            delay == nil ? "a background task has failed" : "a background task is interrupted",
            ["task": "\(claimed.task.id)", "attempts": "\(attempts)", "error": "\(error)"]
        )
        // Where the store takes none of this, the claim runs out.
        if let delay {
            try? await claimed.take(.postpone(by: delay))
        } else {
            try? await claimed.end(.failed("given up after \(attempts) attempts: \(Self.reason(error))"))
        }
    }

    /// The reason as strangers may read it: what is beneath it is for the log.
    private static func reason(_ error: any Error) -> String {
        let asked = error as? WebhooksError
        if let store = error as? StoreError ?? asked?.store {
            return "the store can't be used (\(store.code.rawValue))"
        }
        return asked.map { "the dispatcher can't do it (\($0.code))" } ?? "an unexpected error"
    }

    private func result(of claimed: ClaimedTask) async throws -> TaskResult {
        // It may be taken up before the endpoint is in force.
        try await dispatcher.followStored()
        guard let kind = TaskKind(rawValue: claimed.task.kind) else { return .failed("the task is of no known kind") }
        if kind == .usage {
            guard let request = UsageRequest(claimed.task.parameters) else { return .unreadable }
            return try await UsageTask(claimed: claimed, request: request).run()
        }
        guard let id = claimed.task.application, let application = try await claimed.store.application(id) else {
            return .failed("the application is gone")
        }
        if kind == .purge { return try await PurgeTask(claimed: claimed).run(application) }
        guard let task = ReplayTask(claimed, kind) else { return .unreadable }
        return try await task.run(application)
    }
}

extension APIContext {
    /// The most background tasks of an application that have not ended.
    private static let mostTasks = 50

    /// Begins a task, and keeps the answer with it. Where this process works on as many as it may, whoever is free first takes
    /// it.
    ///
    /// - Parameters:
    ///   - subject: what it works on, which one task at a time does; `nil`: it changes nothing.
    ///   - extra: members of the answer beside the task's own.
    func start(
        _ kind: TaskKind,
        _ parameters: String,
        _ application: Application?,
        on subject: String?,
        _ extra: [(String, APIValue)] = []
    ) async throws(APIError) -> APIResponse {
        let task = BackgroundTask(
            id: api.ids.next("qtask_", at: now),
            kind: kind.rawValue,
            application: application?.id,
            subject: subject,
            parameters: parameters,
            updatedAt: now
        )
        let members: [(String, APIValue)] = [
            ("id", .string(task.id)), ("status", .string(task.state.rawValue)), ("task", .string(task.kind)),
            ("updatedAt", .time(task.updatedAt)),
        ]
        let answer = APIResponse(202, .object(members + extra))
        let stored = storedAnswer(answer)
        let store = try await store()
        let result: PlatformResult
        do throws(StoreError) {
            result = try await store.apply([.insertTask(task, most: Self.mostTasks)], answer: stored)
        } catch {
            throw APIError(error)
        }
        if result == .answered { return try await earlierAnswer() ?? answer }
        if result == .full { throw .tooManyTasks(Self.mostTasks) }
        Task { [api] in await api.takeUpTasks() }
        return answer
    }
}
