import Testing
import WebhookCore
import WebhookRegistry

/// Drafts are judged as an entry of a file is, and every problem has its key.
@Suite struct DraftTests {
    private static let rules = DraftRules(settings: DispatcherSettings())

    private static func draft(_ change: (inout SubscriptionDraft) -> Void = { _ in }) -> SubscriptionDraft {
        var draft = SubscriptionDraft(name: "a", url: "https://crm.example.com/hook", topics: ["**"])
        draft.profile = "braincert"
        change(&draft)
        return draft
    }

    private func problems(_ draft: SubscriptionDraft) -> [String] {
        Self.rules.build(draft).diagnostics.map(\.description)
    }

    @Test func everything() throws {
        let draft = Self.draft { draft in
            (draft.title, draft.tenant, draft.schema) = ("CRM", "school-42", "enforce")
            (draft.url, draft.hidesURL) = ("https://crm.example.com/{{vars.school}}", true)
            draft.topics = ["course.*", "user.created"]
            draft.contentType = "application/xml"
            draft.authentication = .basic(username: "lms", password: Secret("a long enough password"))
            draft.headers = [
                ConfiguredHeader(name: "X-Environment", value: .plain("{{vars.school}}")),
                ConfiguredHeader(name: "X-Key", value: .secret(Secret("{{vars.school}}"))),
            ]
            draft.body = "<a>{{topic}}</a>"
            draft.vars = ["school": "north"]
            draft.filter = ["data.course.id": 101, "topic": ["startsWith": "course"]]
            draft.delivery = ["mode": "single-shot", "timeout": "3s", "rateLimit": "100/s"]
            draft.tls = TLSOptions(
                authorities: ByteString(Sample.certificate),
                certificate: ByteString(Sample.certificate),
                key: Secret(Sample.key)
            )
            (draft.httpVersion, draft.isEnabled) = ("2", false)
        }
        let result = Self.rules.build(draft)
        #expect(result.diagnostics.map(\.description) == [])
        let subscription = try #require(result.subscription)
        #expect(subscription.url.reveal() == "https://crm.example.com/north" && subscription.url.isSecret)
        #expect(subscription.topics.map(\.description) == ["course.*", "user.created"])
        #expect(subscription.contentType == .xml && subscription.body?.source == "<a>{{topic}}</a>")
        #expect(subscription.authentication == draft.authentication && subscription.tls == draft.tls)
        #expect(subscription.headers == [.init(name: "X-Environment", value: .plain("north")), draft.headers[1]])
        #expect(subscription.policy.mode == .singleShot && subscription.policy.timeout == .seconds(3))
        #expect(subscription.httpVersion == .http2 && !subscription.isEnabled && subscription.schema == .enforce)
        #expect(subscription.tenant == "school-42" && subscription.title == "CRM" && subscription.filter != nil)
    }

    static let bad: [(SubscriptionDraft, [String])] = [
        (draft { $0.name = "a b" }, ["subscription: name: `name` must be 1 to 64 letters, digits, '.', '_' and '-'"]),
        (
            draft { $0.topics = ["course.created", "Course!"] },
            [
                "subscription a: topics.1: a topic is letters, digits, _ and -, in segments joined by dots, "
                    + "for example course.created; in a pattern * stands for one segment and ** for one or more"
            ]
        ),
        (draft { $0.topics = [] }, ["subscription a: topics: `topics` needs at least one; [\"**\"] is all of them"]),
        (
            draft { $0.url = "https://10.0.0.1/" },
            [
                "subscription a: url: `url` is out of reach: 10.0.0.1 is private (RFC 1918); list the address under "
                    + "`egress.allow` if that is meant"
            ]
        ),
        (
            draft { $0.delivery = ["timeout": "soon", "breaker": ["failures": 0], "typo": 1] },
            [
                "subscription a: delivery.timeout: `timeout` must be a duration, a whole number with ms, s, m, h or d: "
                    + "250ms, 15s, 5m, 2h, 5d",
                "subscription a: delivery.breaker.failures: `failures` must be a whole number from 1 to 1000000",
                "subscription a: delivery.typo: unknown key `typo` in `delivery`; it may have `mode`, `schedule`, `jitter`, "
                    + "`timeout`, `connectTimeout`, `maxInFlight`, `rateLimit`, `ordered`, `disableAfter` and `breaker`",
            ]
        ),
        (
            draft { $0.filter = ["data.a": ["gtt": 1], "course": 1] },
            [
                "subscription a: filter.data.a.gtt: unknown operator `gtt`; did you mean `gt`?",
                "subscription a: filter.course: a path begins with data., or is `topic`, `tenant`, `id` or `test`: "
                    + "data.course.id",
            ]
        ),
        (
            draft { draft in
                draft.headers = ["X-A", "x-a"].map { ConfiguredHeader(name: $0, value: .plain("1")) }
            },
            ["subscription a: headers.x-a: the header x-a stands here twice"]
        ),
        (
            draft { $0.headers = [ConfiguredHeader(name: "X-A\r\n", value: .plain("1"))] },
            ["subscription a: headers.…: this is not a header's name: letters, digits and - (RFC 9110)"]
        ),
        (
            draft { $0.secrets = [Secret("canary-canary-canary")] },
            ["subscription a: secrets: profile braincert has no signature, so `secrets` has no use"]
        ),
        (
            draft { ($0.body, $0.contentType) = ("x", "text/plain") },
            [
                "subscription a: contentType: `contentType` must be one of `application/json`, `application/xml` and "
                    + "`application/x-www-form-urlencoded`"
            ]
        ),
        (draft { $0.body = ["a", "b"] }, ["subscription a: body: `body` must be a text"]),
    ]

    @Test(arguments: 0..<bad.count) func keys(index: Int) {
        let (draft, expected) = Self.bad[index]
        let result = Self.rules.build(draft)
        #expect(result.diagnostics.map(\.description) == expected)
        #expect(result.subscription == nil)
        #expect(result.diagnostics.allSatisfy { $0.line == nil && !$0.description.contains("canary") })
    }

    /// The file has the same problems, at its own places.
    @Test(arguments: 0..<bad.count) func sameRules(index: Int) {
        let draft = Self.bad[index].0
        // What is a text here is a file there.
        guard draft.body == nil else { return }
        let entry = draft.json.raw.text
        let files = MemoryFiles(["w.json": "{\"subscriptions\":[\(entry)]}"])
        let loaded = ConfigurationLoader(environment: [:], files: files).load(path: "w.json")
        func plain(_ message: String) -> String { message.replacing("; see line 1", with: "") }
        #expect(
            Set(loaded.diagnostics.map { plain($0.message) })
                == Set(Self.rules.build(draft).diagnostics.map(\.message))
        )
    }

    @Test("A draft reads no file and no environment")
    func readsNothing() throws {
        let sources: [JSONValue] = [["env": "HOME"], ["file": "/etc/passwd"]]
        for source in sources {
            let parts: [String: JSONValue] = [
                "url": source, "secrets": [source], "bearer": source, "headers": ["X-A": source],
                "basicAuth": ["username": "a", "password": source], "tls": ["ca": source, "key": source],
            ]
            for (key, value) in parts {
                var members: [JSONValue.Member] = [
                    .init(key: "name", value: "a"), .init(key: "topics", value: ["**"]), .init(key: key, value: value),
                ]
                if key != "url" { members.append(.init(key: "url", value: "https://crm.example.com/")) }
                let error = #expect(throws: WebhooksError.self) {
                    try SubscriptionDraft(json: JSONValue(.object(members)))
                }
                #expect(error?.diagnostics.contains { $0.key?.hasPrefix(key) == true } == true, "\(key)")
            }
        }
        // Nor does a name that looks like a path.
        let draft = Self.draft { $0.body = ["course.*": ["file": "/etc/passwd"], "user.*": nil] }
        #expect(problems(draft).count == 2)
        #expect(problems(Self.draft { $0.body = "{{> /etc/passwd}}" }) == [])
    }

    /// What a subscription of the store asks for, as a key with a value that is beyond its bounds.
    private static let greedy: [(delivery: JSONValue, problem: String)] = [
        (["timeout": "61s"], "timeout: `timeout` must be at most 60s"),
        (["connectTimeout": "3650d"], "connectTimeout: `connectTimeout` must be at most 60s"),
        (["maxInFlight": 65], "maxInFlight: `maxInFlight` must be at most 64"),
        (["schedule": ["1s", "999ms"]], "schedule.1: a wait in `schedule` must be at least 1s"),
        (
            ["schedule": JSONValue(.array(Array(repeating: "1m", count: 51)))],
            "schedule: `schedule` may have 50 waits"
        ),
        (["breaker": ["failures": 101]], "breaker.failures: `failures` must be at most 100"),
        (["breaker": ["pause": "1ms"]], "breaker.pause: `pause` must be at least 1s"),
    ]

    @Test("Who writes into the store has bounds that the operator doesn't have", arguments: 0..<greedy.count)
    func bounds(index: Int) throws {
        let (delivery, problem) = Self.greedy[index]
        let draft = Self.draft { ($0.delivery, $0.profile, $0.url) = (delivery, "slack", "https://hooks.slack.com/a") }
        let refused = Self.rules.build(draft, .stored)
        let expected = "subscription a: delivery.\(problem) in a subscription that is kept in the store"
        #expect(refused.diagnostics.map(\.description) == [expected] && refused.subscription == nil)
        if problem.hasPrefix("connectTimeout") {
            #expect(problems(draft) == ["subscription a: delivery.connectTimeout: `connectTimeout` must be at most 1h"])
        } else {
            #expect(Self.rules.build(draft).subscription != nil)
        }
        // What the store has already is taken within them.
        let old = Self.rules.build(draft, .storedBefore)
        let policy = try #require(old.subscription?.policy)
        #expect(policy.timeout <= .seconds(60) && policy.connectTimeout <= .seconds(60) && policy.maxInFlight <= 64)
        #expect(policy.schedule.count <= 50 && policy.schedule.allSatisfy { $0 >= .seconds(1) })
        #expect(policy.breaker.failures <= 100 && policy.breaker.pause >= .seconds(1))
        #expect(!old.diagnostics.contains { $0.severity == .error })
    }

    @Test("One of the store has a quarter of all slots at most; what the operator's defaults say holds for it")
    func share() throws {
        var settings = DispatcherSettings()
        settings.maxInFlight = 40
        let rules = DraftRules(settings: settings)
        let draft = Self.draft { $0.delivery = ["maxInFlight": 64] }
        #expect(rules.build(draft, .stored).subscription?.policy.maxInFlight == 10)
        #expect(rules.build(draft).subscription?.policy.maxInFlight == 64)
        let tenants = Self.draft { $0.tenant = "acme" }
        for limits in [SubscriptionLimits.stored, .storedBefore] {
            #expect(rules.build(tenants, limits).subscription?.slotShare == "acme", "of all of its tenant's")
        }
        #expect(rules.build(tenants).subscription?.slotShare == nil)
        let text = """
            egress: { allow: ["127.0.0.0/8"] }
            defaults: { delivery: { timeout: 5m } }
            subscriptions: []
            """
        let loaded = ConfigurationLoader(environment: [:], files: MemoryFiles(["w.yaml": text])).load(path: "w.yaml")
        #expect(loaded.rules?.build(Self.draft(), .stored).subscription?.policy.timeout == .seconds(300))
    }

    @Test("A filter has bounds: every event is compared with all of it")
    func filterBounds() throws {
        func draft(_ filter: JSONValue) -> SubscriptionDraft { Self.draft { $0.filter = filter } }
        func any(_ count: Int) -> JSONValue {
            ["data.course.id": ["any": JSONValue(.array(Array(repeating: ["contains": "a"], count: count)))]]
        }
        func list(_ count: Int) -> JSONValue {
            ["data.course.id": ["nin": JSONValue(.array(Array(repeating: "a", count: count)))]]
        }
        func text(_ count: Int) -> JSONValue {
            ["data.course.id": JSONValue(.string(String(repeating: "a", count: count)))]
        }
        func path(_ count: Int) -> JSONValue {
            JSONValue(.object([.init(key: "data." + String(repeating: "a", count: count - 5), value: 1)]))
        }
        let most = [(any, 20, 1000, "conditions, those within `any`"), (list, 1000, 10_000, "values in the lists")]
        for (make, stored, trusted, words) in most + [(text, 1024, 16_384, "bytes"), (path, 1024, 16_384, "bytes")] {
            for (limits, count) in [(SubscriptionLimits.stored, stored), (.trusted, trusted), (.storedBefore, trusted)]
            {
                #expect(Self.rules.build(draft(make(count)), limits).subscription != nil, "\(words) \(count)")
                let result = Self.rules.build(draft(make(count + 1)), limits)
                let errors = result.diagnostics.filter { $0.severity == .error }
                #expect(
                    errors.count == 1 && errors[0].key == "filter" && errors[0].message.contains("\(count) \(words)")
                )
            }
        }
    }

    @Test("The conditions of a mapping are counted together")
    func mappingBounds() throws {
        func problems(_ count: Int, _ limits: SubscriptionLimits) -> [String] {
            let rule: JSONValue = ["$if": ["data.course.id": ["contains": "a"]], "$then": 1, "$else": 2]
            let payload: JSONValue = ["**": ["$list": JSONValue(.array(Array(repeating: rule, count: count)))]]
            let errors = Self.rules.build(Self.draft { $0.payload = payload }, limits).diagnostics.filter {
                $0.severity == .error
            }
            return errors.map(\.message)
        }
        let refused = "the filters of a mapping have at most 100 conditions, those within `any` and `not` too"
        #expect(problems(100, .stored) == [] && problems(101, .stored) == [refused] && problems(101, .trusted) == [])
    }

    @Test("A key that stands twice, and nesting without end")
    func shapes() throws {
        let twice = try JSONValue(parsing: #"{"timeout":"1s","timeout":"2s"}"#)
        #expect(
            problems(Self.draft { $0.delivery = twice }) == [
                "subscription a: delivery.timeout: the key stands here a second time"
            ]
        )
        let large = String(repeating: "a", count: 5 << 20)
        #expect(
            problems(Self.draft { $0.title = large }).contains("subscription a: the subscription is larger than 4 MiB")
        )
        var deep: JSONValue = ["data.a": 1]
        for _ in 0..<200 { deep = ["not": deep] }
        #expect(problems(Self.draft { $0.filter = deep }).contains { $0.contains("nested more than 100 deep") })
    }

    @Test("The file's defaults and profiles count for drafts")
    func defaults() throws {
        let profile = #"""
            {"title":"B","contentTypes":["application/json"],"anyTopic":true,"body":{"id":"$id"},
            "topics":[{"topic":"**","title":"Any","trigger":"Any.","documented":false,"fields":[],"example":{}}]}
            """#
        let loaded = Sample.load(
            """
            profile: braincert
            defaults: { delivery: { timeout: 7s }, headers: { X-Env: prod } }
            egress: { allow: ["10.0.0.0/8"] }
            templates: profiles
            """,
            files: ["profiles/braincert/profile.json": profile]
        )
        let rules = try #require(loaded.rules)
        let result = rules.build(SubscriptionDraft(name: "a", url: "https://10.0.0.1/", topics: ["any.thing"]))
        #expect(result.diagnostics.map(\.description) == [])
        #expect(result.subscription?.policy.timeout == .seconds(7) && result.subscription?.profile.title == "B")
        #expect(result.subscription?.headers.map(\.name) == ["X-Env"])
    }

    @Test("The file's credentials are not for drafts, whose writers choose where they would go; its other settings are")
    func credentials() throws {
        let loaded = Sample.load(
            """
            defaults:
              profile: lms
              basicAuth: { username: lms, password: { env: PASSWORD } }
              secrets: [{ env: SECRET }]
              headers: { X-Env: prod, X-Key: { env: KEY } }
              delivery: { timeout: 7s }
            subscriptions:
              - { name: crm, url: "https://crm.example.com/", topics: [course.created] }
            """,
            environment: [
                "PASSWORD": "hunter2hunter2", "KEY": "key-1234567890",
                "SECRET": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            ]
        )
        let own = try #require(loaded.registry?.subscription(named: "crm"))
        #expect(own.authentication != nil && own.headers.count == 2 && own.secrets.count == 1)
        let rules = try #require(loaded.rules)
        var draft = SubscriptionDraft(name: "a", url: "https://attacker.example.com/", topics: ["course.created"])
        draft.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        let given = try #require(rules.build(draft).subscription)
        #expect(given.authentication == nil && given.headers.map(\.name) == ["X-Env"])
        #expect(given.secrets.map { $0.reveal() } == ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
        #expect(given.policy.timeout == .seconds(7) && given.profile.name == "lms")
        // A profile that signs takes nobody else's secret.
        draft.profile = "standard"
        draft.secrets = nil
        #expect(rules.build(draft).subscription == nil)
    }
}
