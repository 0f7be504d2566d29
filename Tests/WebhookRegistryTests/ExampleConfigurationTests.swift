import Testing
import WebhookCore
import WebhookRegistry

/// A configuration with every key there is.
@Suite struct ExampleConfigurationTests {
    private static let text = """
        store: sqlite:../var/webhooks.sqlite
        profile: standard
        egress:
          allow: ["127.0.0.0/8", "10.1.0.0/16:8443", "crm.internal:8080"]
          proxy: http://us%65r:p%40ss@proxy.internal:3128
        dispatcher:
          maxInFlight: 100
          shutdownGrace: 5s
          retention: 7d
        defaults:
          delivery: { timeout: 20s, breaker: { failures: 4 } }
          headers: { X-Environment: staging, X-Team: lms }
        subscriptions:
          - name: crm
            title: CRM synchronisation
            url: https://CRM.example.com/hooks/lms?a=1
            topics: [course.created, user.*]
            tenant: school-42
            profile: braincert
            contentType: application/json
            basicAuth: { username: lms, password: { env: CRM_PASSWORD } }
            headers: { x-environment: production, X-Key: { env: CRM_KEY } }
            body: bodies/crm.json.mustache
            filter:
              data.course.id: 101
              data.total: { gte: 100, lt: "x" }
              any: [{ data.a: 1, data.b: 2 }, { not: { tenant: x } }]
              not: { data.c: { exists: true } }
              data.state: { any: [draft, { in: [1, "1", null, true] }], not: { exists: false } }
              topic: { ne: a, nin: [b], gt: c, lte: d, eq: e, startsWith: f, endsWith: g, contains: 1.50 }
            tls: { ca: ca.pem, certificate: client.pem, key: { file: client.key } }
            httpVersion: "2"
            enabled: false
            delivery:
              mode: retry
              schedule: [250ms, 5m]
              jitter: 50%
              connectTimeout: 2s
              maxInFlight: 3
              rateLimit: 600/m
              ordered: true
              disableAfter: 2d
              breaker: { pause: 45s }
          - name: signed
            url: { env: HOOK }
            topics: ["**"]
            secrets: [{ file: a.secret }, \(Sample.whsec)]
        """

    private static let loaded: LoadedConfiguration = {
        let files = MemoryFiles([
            "config/w.yaml": text, "config/bodies/crm.json.mustache": "{}", "config/ca.pem": Sample.certificate,
            "config/client.pem": Sample.certificate, "config/client.key": Sample.key,
            "config/a.secret": Sample.whsec + "\r\n",
        ])
        let environment = ["CRM_PASSWORD": "pw", "CRM_KEY": "k", "HOOK": "https://hooks.example.com:8443/T0/B0"]
        return ConfigurationLoader(environment: environment, files: files).load(path: "config/w.yaml")
    }()

    @Test func hasNoProblems() {
        let reason = "with `ordered: true` the next request waits for the one before"
        func unknown(_ path: String) -> String {
            "no topic of this subscription is known to have `\(path)`; see `webhooks topics show`"
        }
        let topics = ["course.created", "user.created", "user.deleted", "user.updated"]
        let never = "`topic` is never this text: it is one of `\(topics.joined(separator: "`, `"))`"
        let part = "`topic` is one of \(Suggestion.list(topics)): none of them fits"
        let quotes = "this number; a text stands in quotes"
        #expect(
            Self.loaded.diagnostics.map(\.message) == [
                "`data.course.id` is a text in the catalogue and never equals \(quotes)", unknown("data.total"),
                unknown("data.a"), unknown("data.b"), "`tenant` is never this text: it is one of `school-42`",
                unknown("data.c"), never, never, never, part, part,
                "`topic` is a text in the catalogue and never contains \(quotes)",
                "`maxInFlight` does nothing here: \(reason)",
            ]
        )
    }

    @Test func settings() throws {
        let settings = try #require(Self.loaded.registry).settings
        #expect(settings.store == .sqlite(path: "config/../var/webhooks.sqlite"))
        #expect(settings.maxInFlight == 100)
        #expect(settings.shutdownGrace == .seconds(5))
        #expect(settings.retention == .seconds(7 * 86_400))
        #expect(settings.egress.allow.count == 3)
        #expect(settings.egress.proxy?.host == "proxy.internal")
        #expect(settings.egress.proxy?.port == 3128)
        #expect(settings.egress.proxy?.isTLS == false)
        #expect(settings.egress.proxy?.username == "user")
        #expect(settings.egress.proxy?.password == Secret("p@ss"))
    }

    @Test func subscription() throws {
        let crm = try #require(Self.loaded.registry?.subscription(named: "crm"))
        #expect(crm.title == "CRM synchronisation")
        #expect(crm.url.display == "https://crm.example.com/hooks/lms?a=1")
        #expect(crm.topics.map(\.description) == ["course.created", "user.*"])
        #expect(crm.tenant == "school-42")
        #expect(crm.profile.name == "braincert")
        #expect(crm.contentType == .json)
        #expect(crm.authentication == .basic(username: "lms", password: Secret("pw")))
        #expect(
            crm.headers == [
                .init(name: "X-Team", value: .plain("lms")), .init(name: "x-environment", value: .plain("production")),
                .init(name: "X-Key", value: .secret(Secret("k"))),
            ]
        )
        let name = "config/bodies/crm.json.mustache"
        #expect(crm.body == BodyTemplate(name: name, contentType: .json, source: "{}"))
        #expect(crm.tls?.authorities == ByteString(Sample.certificate))
        #expect(crm.tls?.certificate == ByteString(Sample.certificate))
        #expect(crm.tls?.key == Secret(String(Sample.key.dropLast())))
        #expect(crm.httpVersion == .http2)
        #expect(!crm.isEnabled)
    }

    @Test func filter() throws {
        let filter = try #require(Self.loaded.registry?.subscription(named: "crm")?.filter)
        func number(_ text: String) -> Filter.Operand { ExactDecimal(text).map { .number($0) } ?? .null }
        #expect(
            filter.entries.map(\.path) == [
                ["data", "course", "id"], ["data", "total"], ["data", "state"], ["topic"],
            ]
        )
        #expect(filter.entries[0].condition == .equals(number("101")))
        #expect(filter.entries[1].condition == .all([.greaterOrEqual(number("100")), .less(.text("x"))]))
        let choice: Filter.Condition = .any([
            .equals(.text("draft")), .isIn([number("1"), .text("1"), .null, .bool(true)]),
        ])
        #expect(filter.entries[2].condition == .all([choice, .not(.exists(false))]))
        #expect(
            filter.entries[3].condition
                == .all([
                    .notEquals(.text("a")), .isNotIn([.text("b")]), .greater(.text("c")), .lessOrEqual(.text("d")),
                    .equals(.text("e")), .startsWith("f"), .endsWith("g"), .contains(number("1.5")),
                ])
        )
    }

    @Test func filterGroups() throws {
        let filter = try #require(Self.loaded.registry?.subscription(named: "crm")?.filter)
        func equals(_ path: [String], _ operand: Filter.Operand) -> Filter.Entry {
            Filter.Entry(path: path, condition: .equals(operand))
        }
        func number(_ text: String) -> Filter.Operand { ExactDecimal(text).map { .number($0) } ?? .null }
        let both = Filter(entries: [equals(["data", "a"], number("1")), equals(["data", "b"], number("2"))])
        let other = Filter(entries: [], exclusions: [Filter(entries: [equals(["tenant"], .text("x"))])])
        #expect(filter.alternatives == [[both, other]])
        let present = Filter.Entry(path: ["data", "c"], condition: .exists(true))
        #expect(filter.exclusions == [Filter(entries: [present])])
    }

    @Test func deliveryMergesKeyByKey() throws {
        let policy = try #require(Self.loaded.registry?.subscription(named: "crm")).policy
        #expect(policy.mode == .retry)
        #expect(policy.schedule == [.milliseconds(250), .seconds(300)])
        #expect(policy.jitter == 0.5)
        #expect(policy.timeout == .seconds(20))
        #expect(policy.connectTimeout == .seconds(2))
        #expect(policy.maxInFlight == 3)
        #expect(policy.rateLimit == RateLimit(count: 600, per: .seconds(60)))
        #expect(policy.ordered)
        #expect(policy.disableAfter == .seconds(2 * 86_400))
        #expect(policy.breaker == BreakerPolicy(failures: 4, pause: .seconds(45)))
    }

    @Test func builtInDefaults() throws {
        let signed = try #require(Self.loaded.registry?.subscription(named: "signed"))
        #expect(signed.profile.name == "standard")
        #expect(signed.url.display == "https://hooks.example.com:8443/***")
        #expect(signed.url.target == "/T0/B0")
        #expect(signed.secrets == [Secret(Sample.whsec), Secret(Sample.whsec)])
        #expect(signed.contentType == .json)
        #expect(signed.isEnabled)
        #expect(signed.policy.jitter == 0.2)
        #expect(signed.policy.schedule == DeliveryPolicy.standardSchedule)
    }

    @Test func watchedFilesAndMarks() {
        #expect(
            Self.loaded.watchedFiles == [
                "config/w.yaml", "config/bodies/crm.json.mustache", "config/ca.pem", "config/client.pem",
                "config/client.key", "config/a.secret",
                "config/a.secret.previous",
            ]
        )
        let mark = Self.loaded.subscriptionMarks["crm"]
        #expect(mark?.place == SourcePlace(file: "config/w.yaml", line: 14, column: 11))
        #expect(mark?.body == SourcePlace(file: "config/w.yaml", line: 23, column: 5))
        #expect(Self.loaded.subscriptionMarks["signed"]?.body == nil)
    }
}
