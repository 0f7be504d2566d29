import Testing
import WebhookCore

@testable import WebhooksServer

/// Lists of applications by their endpoints.
@Suite struct ApplicationListTests {
    @Test func `applications without endpoints, or with disabled ones alone, are left out on demand`() async throws {
        let own = """

              - { name: own, url: "http://127.0.0.1:9/own", topics: ["**"], tenant: file, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        let served = try await ServedStore(subscriptions: own)
        for app in ["file", "none", "open", "shut"] {
            await served.send("POST", "/app", #"{"name":"A","uid":"\#(app)"}"#)
        }
        for (app, isDisabled) in [("open", false), ("open", true), ("shut", true)] {
            let body = #"{"url":"https://a.example/","disabled":\#(isDisabled)}"#
            #expect(await served.send("POST", "/app/\(app)/endpoint", body).status == 201)
        }
        func left(_ query: String) async -> [String] { await served.send("GET", "/app?" + query).ids("uid") }
        #expect(await left("") == ["file", "none", "open", "shut"])
        #expect(await left("exclude_apps_with_no_endpoints=true") == ["file", "open", "shut"])
        #expect(await left("exclude_apps_with_disabled_endpoints=true") == ["file", "none", "open"])
        let both = "exclude_apps_with_no_endpoints=true&exclude_apps_with_disabled_endpoints=true"
        #expect(await left(both) == ["file", "open"])
        #expect(await left(both + "&limit=1") == ["file"])
        let disabled = await served.send("PATCH", "/app/file/endpoint/\(EndpointID.of("own"))", #"{"disabled":true}"#)
        #expect(disabled.status == 200)
        #expect(await left(both) == ["open"])
        #expect(await served.send("GET", "/app?exclude_apps_with_no_endpoints=1").status == 422)
    }
}
