import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("Requests")
struct RequestTests {
    private func request(_ subscription: Subscription, _ event: Event, mode: DeliveryMode = .retry) throws
        -> PreparedRequest
    {
        try WebhookRenderer(subscriptions: [subscription])
            .request(for: Fixtures.attempt(event, mode: mode), to: subscription, body: #"{"a":1}"#)
    }

    private func profile(headers: [HeaderTemplate] = []) -> Profile {
        Fixtures.profile(
            headers: headers,
            signature: SignatureScheme(kind: .hmacSHA256, header: "X-Signature"),
            body: [],
            topics: [Fixtures.topic("course.created", wire: [("type", "course_created")])]
        )
    }

    @Test("headers in order, as sent and as shown")
    func order() throws {
        var subscription = Fixtures.subscription(
            "crm",
            profile(headers: [
                HeaderTemplate(
                    name: "X-Event",
                    template:
                        "{{wire.type}} {{topic}} {{id}} {{deliveryId}} {{attempt}} {{timestamp}} {{test}} {{tenant}}"
                ),
                HeaderTemplate(name: "X-Fixed", template: "1"),
                HeaderTemplate(name: "X-Tenant", template: "{{tenant}}"),
            ])
        )
        subscription.secrets = [Secret("topsecret")]
        subscription.authentication = .basic(username: "lms", password: Secret("pa:ss"))
        subscription.headers = [
            ConfiguredHeader(name: "X-Environment", value: .plain("production")),
            ConfiguredHeader(name: "X-Key", value: .secret(Secret("key-value"))),
        ]
        let prepared = try request(subscription, Fixtures.event("{}"))
        let signature = "bf1e6501b7fa928ec2391fea9dd90af3c9ad1b7b1ef6ff319c25940cec746bf8"
        let sent = [
            HTTPHeader("Content-Type", "application/json"),
            HTTPHeader("User-Agent", "swift-webhooks/\(ProductVersion.current)"),
            HTTPHeader("X-Event", "course_created course.created evt_1 dlv_7 3 1700000000 false "),
            HTTPHeader("X-Fixed", "1"),
            HTTPHeader("X-Signature", signature),
            HTTPHeader("Authorization", "Basic bG1zOnBhOnNz"),
            HTTPHeader("X-Environment", "production"),
            HTTPHeader("X-Key", "key-value"),
        ]
        #expect(prepared.request.headers == sent)
        var wire = sent
        wire.insert(HTTPHeader("Host", "crm.example.com"), at: 0)
        wire.append(HTTPHeader("Content-Length", "7"))
        #expect(WebhookRenderer.wireHeaders(of: prepared.request) == wire)
        wire[6].value = "***"
        wire[8].value = "***"
        #expect(prepared.redactedHeaders == wire)
    }

    @Test("what comes from the policy and the mode")
    func transport() throws {
        var subscription = Fixtures.subscription("crm", profile())
        subscription.policy.timeout = .seconds(3)
        subscription.policy.connectTimeout = .seconds(2)
        subscription.httpVersion = .http2
        subscription.tls = TLSOptions(authorities: "pem")
        let egress = EgressPolicy(allow: [try EgressRule("crm.internal:80")])
        let event = try Fixtures.event("{}")
        for mode in DeliveryMode.allCases {
            let prepared = try WebhookRenderer(subscriptions: [], egress: egress)
                .request(for: Fixtures.attempt(event, mode: mode), to: subscription, body: "x")
            #expect(prepared.request.timeout == .seconds(3))
            #expect(prepared.request.connectTimeout == .seconds(2))
            #expect(prepared.request.httpVersion == .http2)
            #expect(prepared.request.tls == subscription.tls)
            #expect(prepared.request.egress == egress)
            #expect(prepared.request.attempt == 3)
            #expect(prepared.request.freshConnection == (mode == .singleShot))
            #expect(!prepared.request.headers.contains { $0.name == "X-Signature" })
        }
    }

    @Test("no secret shows, and none survives an echo")
    func canary() throws {
        let plain = Fixtures.profile(signature: SignatureScheme(kind: .plain, header: "X-Secret"), body: [])
        let authentications: [(Authentication, String)] = [
            (.basic(username: "lms", password: Secret("canary-password")), "canary-password"),
            (.bearer(Secret("canary-bearer")), "canary-bearer"),
            (.raw(Secret("Token canary-raw")), "canary-raw"),
        ]
        let secrets = [
            "canary-signing", "canary-previous", "canary-header", "/canary/target?token=canary-query", "canary-tls-key",
            "canary-proxy",
        ]
        let egress = EgressPolicy(
            proxy: EgressPolicy.Proxy(host: "proxy", port: 80, username: "u", password: Secret("canary-proxy"))
        )
        for (authentication, credential) in authentications {
            var subscription = Fixtures.subscription("crm", plain)
            subscription.secrets = [Secret("canary-signing"), Secret("canary-previous")]
            subscription.authentication = authentication
            subscription.headers = [
                ConfiguredHeader(name: "X-Key", value: .secret(Secret("canary-header"))),
                ConfiguredHeader(name: "X-Copy", value: .plain("a canary-header b")),
            ]
            subscription.url.target = "/canary/target?token=canary-query"
            subscription.url.isSecret = true
            subscription.tls = TLSOptions(key: Secret("canary-tls-key"))
            let prepared = try WebhookRenderer(subscriptions: [subscription], egress: egress)
                .request(for: Fixtures.attempt(Fixtures.event("{}")), to: subscription, body: "x")
            #expect(prepared.request.headers.contains(HTTPHeader("X-Secret", "canary-signing")))
            #expect(!prepared.redactedHeaders.contains { $0.value.contains("canary") })
            #expect(prepared.redactedHeaders.contains(HTTPHeader("X-Secret", "***")))
            #expect(prepared.redactedHeaders.contains(HTTPHeader("X-Copy", "a *** b")))
            for text in secrets + [credential] {
                #expect(!prepared.redactor.redact("you sent <\(text)>").contains("canary"))
                let encoded = Base64.encode("x:\(text)!")
                #expect(prepared.redactor.redact(encoded) != encoded)
            }
            let header = authentication.headerValue
            #expect(prepared.redactor.redact(header).contains("***"))
            #expect(!prepared.redactor.redact("echo /canary/target alone").contains("canary"))
        }
    }

    @Test("a Standard Webhooks secret is found without its prefix too")
    func prefix() throws {
        var subscription = Fixtures.subscription("crm", Fixtures.standard)
        subscription.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        let prepared = try request(subscription, Fixtures.event("{}"))
        #expect(prepared.redactor.redact("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw") == "***")
        #expect(prepared.redactedHeaders.contains { $0.name == "webhook-signature" && $0.value.hasPrefix("v1,") })
    }

    @Test("control characters never reach a header")
    func controlCharacters() throws {
        var event = try Fixtures.event("{}")
        event.tenant = "a\r\nX-Evil: 1"
        let templated = Fixtures.subscription(
            "crm",
            profile(headers: [HeaderTemplate(name: "X-Tenant", template: "{{tenant}}")])
        )
        #expect(throws: RenderingError("the rendered header X-Tenant holds control characters")) {
            try request(templated, event)
        }
        var configured = Fixtures.subscription("crm", profile())
        configured.headers = [ConfiguredHeader(name: "X-Key", value: .secret(Secret("canary\n")))]
        #expect(throws: RenderingError("the value of the header X-Key holds control characters")) {
            try request(configured, Fixtures.event("{}"))
        }
    }

    @Test("a secret that can't be decoded is an error that does not show it")
    func badSecret() throws {
        var subscription = Fixtures.subscription("crm", Fixtures.standard)
        subscription.secrets = [Secret("whsec_canary!")]
        #expect(throws: RenderingError("a signing secret must be whsec_ followed by base64")) {
            try request(subscription, Fixtures.event("{}"))
        }
    }

    @Test("our own Content-Type and User-Agent give way")
    func override() throws {
        var subscription = Fixtures.subscription("crm", profile())
        subscription.headers = [
            ConfiguredHeader(name: "user-agent", value: .plain("LMS")),
            ConfiguredHeader(name: "Content-Type", value: .plain("application/vnd.lms+json")),
        ]
        let prepared = try request(subscription, Fixtures.event("{}"))
        #expect(
            prepared.request.headers == [
                HTTPHeader("Content-Type", "application/vnd.lms+json"), HTTPHeader("user-agent", "LMS"),
            ]
        )
    }
}
