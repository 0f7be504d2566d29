internal import WebhookCore

/// The messages of applications, counted in the background.
enum UsageOperations {
    static let all: [Operation] = [
        Operation(
            "v1.statistics.aggregate-app-stats",
            "POST",
            "/api/v1/stats/usage/app",
            .organisation,
            countMessages
        )
    ]

    @Sendable static func countMessages(_ context: APIContext) async throws(APIError) -> APIResponse {
        let reader = try FieldReader.body(context.request.body)
        let (since, until) = (reader.time("since").value, reader.time("until").value)
        for (name, time) in [("since", since), ("until", until)] where time == nil && reader.problems.isEmpty {
            reader.problem(name, "is required")
        }
        if let since, let until, until <= since { reader.problem("until", "must be later than since") }
        let references = reader.texts("appIds", in: 1...UsageRequest.mostApplications, FieldRules.reference).value
        try reader.finish()
        guard let since, let until else { throw .noTask }
        var usage = UsageRequest(since: since, until: until, applications: references.map { _ in [] })
        var unknown: [String] = []
        for reference in references ?? [] {
            let found = try await context.read { store throws(StoreError) in try await store.application(reference) }
            if let found { usage.applications?.append(found.id) } else { unknown.append(reference) }
        }
        return try await context.start(.usage, usage.text, nil, on: nil, [("unresolvedAppIds", .list(unknown))])
    }
}
