internal import WebhookCore

/// Work that goes on after its request was answered, and how far it is.
enum TaskOperations {
    static let all: [Operation] = [
        Operation("v1.background-task.list", "GET", "/api/v1/background-task", .organisation, list),
        Operation(
            "v1.background-task.get",
            "GET",
            "/api/v1/background-task/{task_id}",
            .application(.createAttempts),
            get
        ),
    ]

    @Sendable static func list(_ context: APIContext) async throws(APIError) -> APIResponse {
        let page = try PageRequest(context.query, descending: false, ordered: true) { PlatformIDs.isID($0, "qtask_") }
        let states = BackgroundTask.State.allCases.map(\.rawValue)
        let state = try context.query.choice("status", of: states).flatMap { BackgroundTask.State(rawValue: $0) }
        let kind = context.query.text("task")
        let rows = try await context.read { store throws(StoreError) in
            try await store.tasks(page.walk, kind: kind, state: state)
        }
        return .ok(Page(rows, page).value(key: \.id, form))
    }

    @Sendable static func get(_ context: APIContext) async throws(APIError) -> APIResponse {
        let id = context.parameter("task_id")
        guard let task = try await context.read({ store throws(StoreError) in try await store.task(id) }) else {
            throw .noTask
        }
        // A token sees those that it might have asked for.
        if case .application(let token) = context.caller {
            guard task.application == token.application, TaskKind(rawValue: task.kind)?.isReplay == true else {
                throw .noTask
            }
        }
        return .ok(form(task))
    }

    static let form: @Sendable (BackgroundTask) -> APIValue = { task in
        [
            "id": .string(task.id), "status": .string(task.state.rawValue), "task": .string(task.kind),
            "data": .json(task.state == .running ? "{}" : task.data), "updatedAt": .time(task.updatedAt),
        ]
    }
}

extension APIError {
    static let noTask = APIError.notFound("There is no background task of this id.")
}
