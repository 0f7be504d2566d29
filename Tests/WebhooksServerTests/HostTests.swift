#if Server
    import Hummingbird
    import Logging
    import Testing
    import WebhookCore
    import Webhooks

    @testable import WebhooksServer

    /// The API in a host's own application.
    @Suite struct HostTests {
        @Test func `a host's router answers for the API, and for itself`() async throws {
            let served = try await ServedStore()
            let server = try WebhookServer(served.dispatcher, tokens: [ServedStore.token])
            let router = Router(context: HostContext.self)
            server.addRoutes(to: router)
            router.get("own") { _, _ in "mine" }
            let responder = router.buildResponder()
            func ask(_ method: HTTPRequest.Method, _ path: String, _ body: String = "") async throws -> Int {
                var head = HTTPRequest(method: method, scheme: "http", authority: "localhost", path: path)
                head.headerFields[.authorization] = "Bearer \(ServedStore.token)"
                head.headerFields[.contentLength] = "\(body.utf8.count)"
                let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(string: body)))
                let context = HostContext(source: HostSource())
                return try await responder.respond(to: request, context: context).status.code
            }
            #expect(try await ask(.post, "/api/v1/app", #"{"name":"A","uid":"a"}"#) == 201)
            #expect(try await ask(.get, "/api/v1/app/a/") == 200)
            // By the dispatcher's keys.
            let endpoint = #"{"url":"https://crm.example.com/hooks"}"#
            #expect(try await ask(.post, "/api/v1/app/a/endpoint", endpoint) == 201)
            #expect(try await served.dispatcher.storedSubscriptions.list().map(\.draft.profile) == ["svix"])
            #expect(try await ask(.get, "/api/v1/nonsense") == 404)
            #expect(try await ask(.get, "/own") == 200)
        }

        @Test(arguments: [[], ["short"], ["with a space, but otherwise long enough to be one"]])
        func `tokens that can be guessed are refused`(tokens: [String]) async throws {
            let served = try await ServedStore()
            #expect(throws: WebhooksError.self) { try WebhookServer(served.dispatcher, tokens: tokens) }
        }

        @Test func `a host chooses the channels of what it keeps in the store`() async throws {
            let served = try await ServedStore()
            await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
            var draft = SubscriptionDraft(name: "crm", url: "https://crm.example.com/hooks", topics: ["x.y"])
            (draft.tenant, draft.profile, draft.channels) = ("a", "svix", ["eu"])
            let kept = served.dispatcher.storedSubscriptions
            let made = try await kept.create(draft)
            #expect(made.draft.channels == ["eu"])
            let path = "/app/a/endpoint/\(made.id)"
            #expect(await served.send("GET", path)["channels"] == #"["eu"]"#)
            func isActive(_ channel: String) async -> String? {
                let body = #"{"eventType":"x.y","channels":["\#(channel)"]}"#
                return await served.send("POST", "/app/a/msg/precheck/active", body)["active"]
            }
            #expect(await isActive("eu") == "true")
            #expect(await isActive("us") == "false")
            try await kept.update(made.id) { $0.channels = ["us"] }
            #expect(await isActive("us") == "true")
            for channels in [["a b"], ["a\nb"], [""], ["a", "a"], (0...10).map { "c\($0)" }] {
                do {
                    try await kept.update(made.id) { $0.channels = channels }
                    Issue.record("\(channels) were taken")
                } catch {
                    #expect(error.diagnostics.map(\.key) == ["channels"], "\(error)")
                }
            }
            #expect(await served.send("GET", path)["channels"] == #"["us"]"#)
        }
    }

    private struct HostSource: RequestContextSource {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    }

    private struct HostContext: RequestContext {
        typealias Source = HostSource
        var coreContext: CoreRequestContextStorage

        init(source: HostSource) { coreContext = .init(source: source) }
    }
#endif
