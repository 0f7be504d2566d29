import Testing
import WebhookCore

@testable import WebhooksServer

/// What is said of problems of endpoints.
@Suite struct EndpointMessageTests {
    @Test func `messages speak of requests`() async throws {
        let served = try await EndpointTests.served()
        func message(_ more: String, _ url: String = "https://a.example/") async -> String {
            let body = #"{"url":"\#(url)"\#(more)}"#
            let answer = await served.send("POST", "/app/a/endpoint", body)
            #expect(answer.status == 422, "\(answer.text)")
            return answer["detail", "0", "msg"] ?? ""
        }
        let file = await message(#","webhooks":{"body":"x.json.mustache"}"#)
        #expect(file.contains("the template's text"), "\(file)")
        let mapped = await message(#","webhooks":{"body":{"**":"bodies/x.json.mustache"}}"#)
        #expect(mapped.contains("the template's text"), "\(mapped)")
        let reach = await message("", "http://10.0.0.1/")
        #expect(reach.contains("only whoever runs this server can allow it (`egress.allow`)"), "\(reach)")
        #expect(!reach.contains("if that is meant"))
        let secret = await message(#","secret":"abc""#)
        #expect(secret.contains("whsec_") && !secret.contains("whsk_"), "\(secret)")
        let well = await served.send(
            "POST",
            "/app/a/endpoint",
            #"{"url":"https://a.example/","webhooks":{"body":"{}"}}"#
        )
        #expect(well.status == 201, "\(well.text)")
    }
}
