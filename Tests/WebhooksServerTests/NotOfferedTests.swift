import Testing
import WebhookCore

@testable import WebhooksServer

/// What client libraries know and this server doesn't have is said not to be offered: 404 `not_supported`, with the reason.
@Suite struct NotOfferedTests {
    /// As they stand in the libraries from 1.45 to 2.9, behind `/api/v1`.
    private static let paths = [
        "GET /app/stats/usage", "GET /app/x/stats", "GET /app/x/stats/attempts", "GET /stats/app/x/attempt",
        "GET /stats/app/x/ep/x/attempt", "GET /app/x/destination", "POST /app/x/destination",
        "GET /app/x/destination/x", "PUT /app/x/destination/x", "PATCH /app/x/destination/x",
        "DELETE /app/x/destination/x", "POST /app/x/destination/x/secret/rotate",
        "GET /app/x/destination/x/transformation", "PATCH /app/x/destination/x/transformation",
        "PUT /app/x/endpoint/x/auto-config", "PUT /app/x/endpoint/x/transformation-template/oauth/hubspot",
        "GET /app/x/endpoint/x/mtls-certificate", "POST /app/x/inbound/msg/x", "POST /app/x/inbound/rotate-url",
        "POST /app/x/sink", "GET /app/x/sink", "GET /app/x/sink/x", "GET /webhook-sink", "POST /webhook-sink/x",
        "GET /transformation-template", "POST /transformation-template", "POST /transformation-template/generate",
        "POST /transformation-template/oauth/discord", "POST /transformation-template/oauth/hubspot",
        "POST /transformation-template/oauth/slack", "POST /transformation-template/simulate",
        "GET /transformation-template/x", "PUT /transformation-template/x", "PATCH /transformation-template/x",
        "DELETE /transformation-template/x",
    ]

    @Test func `each is named as not offered, and what nobody knows as not found`() async throws {
        let served = try await ServedStore()
        for path in Self.paths {
            let parts = path.split(separator: " ").map(String.init)
            let answer = await served.send(parts[0], parts[1], "{}")
            #expect(answer.status == 404 && answer["code"] == "not_supported", "\(path): \(answer.text)")
        }
        #expect(await served.send("GET", "/nonsense")["code"] == "not_found")
        // An application may have such a uid.
        await served.send("POST", "/app", #"{"name":"S","uid":"stats"}"#)
        #expect(await served.send("GET", "/app/stats/endpoint").status == 200)
        #expect(await served.send("GET", "/app/stats").status == 200)
    }
}
