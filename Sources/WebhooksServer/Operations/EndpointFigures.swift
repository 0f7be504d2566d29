internal import WebhookCore
internal import Webhooks

/// Figures of an endpoint.
enum EndpointFigures {
    static let all: [Operation] = [
        Operation(
            "v1.endpoint.get-stats",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/stats",
            .application(nil),
            stats
        ),
        Operation(
            "v1.endpoint.get-attempt-stats",
            "GET",
            "/api/v1/app/{app_id}/endpoint/{endpoint_id}/attempt-stats",
            .application(nil),
            attemptStats
        ),
    ]

    /// The longest span that figures are given for: 28 days and a little.
    private static let longest: Duration = .seconds(28 * 86_400 + 300)

    private struct Counts {
        var success = 0
        var pending = 0
        var sending = 0
        var fail = 0
        var canceled = 0
    }

    /// Attempts that have ended by their outcome, and deliveries that have none of their own: open and cancelled ones.
    private static func counts(_ context: APIContext) async throws(APIError) -> Counts {
        let application = try await context.application()
        let endpoint = try await context.endpoint(in: application)
        let until = try context.query.time("until") ?? context.now
        let since = try context.query.time("since") ?? until - .seconds(28 * 86_400)
        guard since <= until, until <= context.now + .seconds(300), since.duration(to: until) <= longest else {
            throw APIError(400, "invalid_range", "The time from since to until must be past, and at most 28 days.")
        }
        // One of the store is for events of its tenant alone.
        let tenant: String? = if case .stored = endpoint.source { nil } else { application.tenant }
        let (name, time) = (endpoint.name, since..<until)
        let states = try await context.read { store throws(StoreError) in
            try await store.counts(of: name, tenant: tenant, in: time)
        }
        var counts = Counts()
        for count in states {
            switch count.state {
            case .delivered: counts.success += count.deliveries
            case .pending: counts.pending += count.deliveries
            case .inFlight, .waiting: counts.sending += count.deliveries
            case .cancelled: counts.canceled += count.deliveries
            // What has failed without an attempt counts like one.
            case .failed, .unknown: counts.fail += count.withoutAttempt
            }
            // All but the last of a delivered one have failed, and all that have ended of the others.
            let isNoFailure = count.state == .delivered || count.state == .inFlight
            counts.fail += max(0, count.attempts - (isNoFailure ? count.deliveries : 0))
        }
        return counts
    }

    @Sendable static func stats(_ context: APIContext) async throws(APIError) -> APIResponse {
        let counts = try await counts(context)
        return .ok([
            "success": .integer(counts.success), "pending": .integer(counts.pending),
            "sending": .integer(counts.sending),
            "fail": .integer(counts.fail), "canceled": .integer(counts.canceled),
        ])
    }

    @Sendable static func attemptStats(_ context: APIContext) async throws(APIError) -> APIResponse {
        let counts = try await counts(context)
        return .ok([
            "success": .integer(counts.success), "fail": .integer(counts.fail), "canceled": .integer(counts.canceled),
        ])
    }
}
