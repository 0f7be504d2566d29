import Testing

@testable import WebhooksServer

/// What an answer advises is something that a client can do: it has neither the command line nor the library.
@Suite struct ClientWordsTests {
    @Test func `no refusal names a command or a function`() async throws {
        let served = try await EndpointTests.served()
        let url = #""url":"https://a.example/""#
        let bodies = [
            #"{\#(url),"secret":"whsec_x"}"#, #"{\#(url),"secret":"whsk_x"}"#, #"{\#(url),"secret":"nothing"}"#,
            #"{\#(url),"webhooks":{"profile":"braincert","topics":["nope.*"]}}"#,
            #"{\#(url),"webhooks":{"profile":"braincert","topics":["nothing.like.it"]}}"#,
            #"{\#(url),"webhooks":{"profile":"nothing"}}"#, #"{\#(url),"webhooks":{"schema":"x","vars":{"a b":1}}}"#,
            #"{\#(url),"webhooks":{"filter":{"data.x":{"gt":"a"}},"delivery":{"timeout":"soon"}}}"#,
            #"{\#(url),"headers":{"Host":"x"}}"#, #"{"url":"http://10.0.0.1/"}"#, #"{"url":"nothing"}"#, "{}",
        ]
        var answers: [Answer] = []
        for body in bodies { answers.append(await served.send("POST", "/app/a/endpoint", body)) }
        let made = try #require(await served.send("POST", "/app/a/endpoint", "{\(url)}")["id"])
        let path = "/app/a/endpoint/\(made)"
        answers.append(await served.send("POST", path + "/secret/rotate", #"{"key":"whsk_x"}"#))
        answers.append(await served.send("POST", path + "/send-example", #"{"eventType":"nothing.like.it"}"#))
        for path in [
            "/app/stats/count-active", path + "/cancel-msgs", "/app/a/msg/m/attempt/t/headers",
            "/stats/usage/event-types",
            "/stats/endpoint/count", "/app/a/stats/attempts",
        ] { answers.append(await served.send("GET", path)) }
        #expect(answers.allSatisfy { (400..<500).contains($0.status) }, "\(answers.map(\.status))")
        for answer in answers {
            #expect(!answer.text.contains("`webhooks ") && !answer.text.contains("--"), "\(answer.text)")
            #expect(answer.text.firstMatch(of: #/`[A-Za-z.]+\([^`]*\)`/#) == nil, "\(answer.text)")
            #expect(!answer.text.contains("Swift"), "\(answer.text)")
        }
    }
}
