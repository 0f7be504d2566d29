import Testing
import WebhookCore

@testable import WebhookRegistry

/// What the catalogue knows of topics and values, against what a subscription asks for.
@Suite struct CatalogueWarningTests {
    private func problems(
        _ lines: String,
        profile: String = "braincert",
        topics: String = "[course.enrollment]",
        files: [String: String] = [:]
    ) -> [String] {
        let secrets = profile == "standard" ? "\nsecrets: [\(Sample.whsec)]" : ""
        return Sample.problems(Sample.subscription(lines + secrets, profile: profile, topics: topics), files: files)
    }

    // MARK: Values of a filter

    private static let text = "is a text in the catalogue"

    @Test(arguments: [
        ("data.course.id: 101", 31, "`data.course.id` \(text) and never equals this number; a text stands in quotes"),
        (
            "data.course.id: { ne: 1 }", 37,
            "`data.course.id` \(text) and never equals this number; a text stands in quotes"
        ),
        (
            "data.course.id: { gte: 1 }", 38,
            "`data.course.id` \(text) and does not compare with this number; a text stands in quotes"
        ),
        (
            "data.course.durationMinutes: \"30\"", 44,
            "`data.course.durationMinutes` is a whole number in the catalogue and never equals this text; "
                + "a number stands without quotes"
        ),
        (
            "data.course.durationMinutes: 1.5", 44,
            "`data.course.durationMinutes` is a whole number in the catalogue and never equals this number"
        ),
        (
            "data.course.durationMinutes: { startsWith: 3 }", 58,
            "`data.course.durationMinutes` is a whole number, and `startsWith` is for texts"
        ),
        (
            "data.course.status: publised", 35,
            "`data.course.status` is never this text: it is one of `draft`, `published`; did you mean `published`?"
        ),
        (
            "data.course.status: { in: [draft, open] }", 49,
            "`data.course.status` is never this text: it is one of `draft`, `published`"
        ),
        (
            "data.course.status: { any: [{ not: { eq: x } }] }", 56,
            "`data.course.status` is never this text: it is one of `draft`, `published`"
        ),
        (
            "data.course.status: { endsWith: ed? }", 47,
            "`data.course.status` is one of `draft` and `published`: none of them fits"
        ),
        ("data.user.id: null", 29, "`data.user.id` is a text, and never null"),
        ("data.user: Ada", 26, "`data.user` is an object in the catalogue and never equals this text"),
        (
            "data.user.email: { contains: 5 }", 44,
            "`data.user.email` \(text) and never contains this number; a text stands in quotes"
        ),
        (
            "data.user.roles: { contains: a }", 44,
            "`data.user.roles` is a list in the catalogue and never contains this text"
        ),
        (
            "data.course.durationMinutes: { contains: 3 }", 56,
            "`data.course.durationMinutes` is a whole number, and `contains` is for texts and lists"
        ),
        (
            "test: \"true\"", 21,
            "`test` is a boolean in the catalogue and never equals this text; write true or false, without quotes"
        ),
        ("tenant: 42", 23, "`tenant` \(text) and never equals this number; a text stands in quotes"),
        ("id: 7", 19, "`id` \(text) and never equals this number; a text stands in quotes"),
        (
            "topic: course.enrolment", 22,
            "`topic` is never this text: it is one of `course.enrollment`; did you mean `course.enrollment`?"
        ),
        (
            "any: [{ data.course.id: 7 }, { data.user.id: \"7\" }]", 39,
            "`data.course.id` \(text) and never equals this number; a text stands in quotes"
        ),
        (
            "not: { data.course.id: 7 }", 38,
            "`data.course.id` \(text) and never equals this number; a text stands in quotes"
        ),
    ])
    func valuesThatCannotStandThere(_ filter: String, _ column: Int, _ message: String) {
        let found = problems("filter: { \(filter) }", profile: "standard")
        #expect(found == ["w.yaml:6:\(column): warning: \(message)"])
    }

    @Test(arguments: [
        "data.course.id: \"101\"", "data.course.id: { gte: \"1\", contains: a, in: [x, \"7\"] }",
        "data.course.subtitle: null",
        "data.course.durationMinutes: { gt: 29.5, lt: 1e3 }",
        "data.course.status: { ne: draft, startsWith: pub, lt: z }",
        "data.course: { exists: true }", "data.user.roles.0.id: a", "test: true", "topic: course.enrollment",
        "tenant: { startsWith: school }",
    ])
    func valuesThatMay(_ filter: String) {
        #expect(problems("filter: { \(filter) }") == [])
    }

    /// Where the platform's own events have a number, a number may be meant.
    @Test func thePlatformsOwnDialectCounts() {
        #expect(problems("filter: { data.course.id: 101 }", profile: "thinkific") == [])
    }

    @Test func underAnyTopic() {
        let wildcard = { (filter: String) in
            self.problems("filter: { \(filter) }", profile: "standard", topics: "[\"**\"]")
        }
        #expect(wildcard("data.course.id: 101").map { $0.contains(Self.text) } == [true])
        #expect(
            wildcard("data.course.nmae: C") == [
                "w.yaml:6:15: warning: no topic of this subscription is known to have `data.course.nmae`; "
                    + "did you mean `data.course.name`?"
            ]
        )
        // The host's own.
        for filter in ["data.grade: 7", "data.course.credits: 5", "topic: grade.released"] {
            #expect(wildcard(filter) == [], "\(filter)")
        }
        let own = problems("filter: { data.course.id: 7 }", profile: "standard", topics: "[grade.released]")
        #expect(own == [])
    }

    @Test func anEmptyFilter() {
        for filter in ["filter: {}", "filter:"] {
            #expect(problems(filter) == ["w.yaml:6:5: warning: `filter` is empty: every event of the topics passes"])
        }
    }

    @Test func pathsThatAreNone() {
        let rule = "a path begins with data., or is `topic`, `tenant`, `id` or `test`"
        #expect(problems("filter: { dta.course.id: a }") == ["w.yaml:6:15: \(rule); did you mean `data.course.id`?"])
        #expect(problems("filter: { tenat: a }") == ["w.yaml:6:15: \(rule); did you mean `tenant`?"])
    }

    // MARK: Topics

    @Test(arguments: [
        ("course.craeted", "course.created"), ("cuorse.*", "course.*"), ("\"*.compelted\"", "*.completed"),
        ("usr.**", "user.**"),
    ])
    func mistypedTopics(_ topic: String, _ meant: String) {
        let shown = topic.filter { $0 != "\"" }
        #expect(
            problems("", profile: "standard", topics: "[\(topic)]") == [
                "w.yaml:4:14: warning: no profile lists `\(shown)`; did you mean `\(meant)`?"
            ]
        )
    }

    @Test func topicsOfAHostsOwn() {
        let topics = "[grade.released, \"grade.*\", course.*, \"**\", \"*.created\", ping]"
        #expect(problems("", profile: "standard", topics: topics) == [])
    }

    // MARK: Entries by topic

    private static let bodies = ["a.json.mustache": "{}", "b.xml.mustache": "<a/>"]

    private func payload(_ entries: String, profile: String = "braincert", topics: String = "[course.*]") -> [String] {
        problems("payload: { \(entries) }", profile: profile, topics: topics)
    }

    @Test(arguments: [
        ("\"**\": $data, course.created: $data", "course.created", "`**` in line 6 stands before it"),
        ("course.*: $data, course.created: $data", "course.created", "`course.*` in line 6 stands before it"),
        ("\"*.*\": $data, \"**\": $data", "**", "entries before it match all that it could"),
    ])
    func shadowedEntries(_ entries: String, _ pattern: String, _ reason: String) {
        let found = payload(entries)
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix("warning: `\(pattern)` is never used: \(reason)") == true, "\(found)")
    }

    @Test func entriesThatAreUsed() {
        #expect(payload("course.created: $data, course.*: $data") == [])
        #expect(payload("course.*: $data, \"**\": $data", topics: "[\"**\"]") == [])
        // Other topics than the catalogue's may come.
        #expect(payload("\"*.*\": $data, \"**\": $data", profile: "standard", topics: "[\"**\"]") == [])
        let body = problems(
            "body: { \"**\": a.json.mustache, course.created: a.json.mustache }",
            topics: "[\"**\"]",
            files: Self.bodies
        )
        #expect(body.map { $0.contains("`course.created` is never used") } == [true])
    }

    @Test func mistypedEntries() {
        #expect(
            payload("course.created: $data, user.created: $data").map { $0.contains("no topic of this subscription") }
                == [true]
        )
        let found = payload("course.craeted: $data", profile: "standard", topics: "[\"**\"]")
        #expect(
            found.map { $0.hasSuffix("no profile lists `course.craeted`; did you mean `course.created`?") } == [true]
        )
    }

    @Test func aPayloadThatIsNotByTopic() {
        let message =
            "w.yaml:6:16: `payload` is by topic, and no topic of this subscription matches `who`; "
            + "one for every topic is payload: { \"**\": { … } }"
        #expect(payload("who: $data.user.id") == [message])
        #expect(payload("who: $data.user.id, name: { x: 1 }") == [message])
        #expect(payload("who: [$data.user.id, null]", profile: "standard", topics: "[\"**\"]") == [message])
        let hint = "`payload` is by topic, and for every one it is { \"**\": … }: "
        #expect(payload("userId: $data.user.id") == [message.replacing("`who`", with: "`userId`")])
        #expect(payload("user id: $data.user.id").map { $0.contains(hint) } == [true])
        // A topic of one segment is one all the same.
        #expect(
            payload("ping: $data", profile: "standard", topics: "[\"**\"]").map { $0.contains("is read as a topic") }
                == [true]
        )
        #expect(payload("ping: { a: 1 }", profile: "standard", topics: "[ping]") == [])
    }

    @Test func anEmptyPayload() {
        for value in ["{}", "null", ""] {
            #expect(
                payload("course.created: \(value)") == [
                    "w.yaml:6:16: `payload` says nothing for `course.created`; $data passes the event's data on as they stand"
                ]
            )
        }
        let profile = """
            title: T
            contentTypes: [application/json]
            body: { d: $payload }
            topics: [{ topic: a.b, title: t, trigger: t, documented: true, fields: [{ name: a, type: any }], example: { a: 1 },
              payload: {} }]
            """
        let found = Sample.problems("templates: t", files: ["t/my/profile.yaml": profile])
        #expect(
            found == [
                "t/my/profile.yaml:5:3: `payload` says nothing; without it the event's data are passed on as they stand"
            ]
        )
    }

    @Test func aContentTypeBesideBodiesByTopic() {
        let lines = "body: { course.created: a.json.mustache, \"**\": b.xml.mustache }\ncontentType: application/json"
        #expect(
            problems(lines, topics: "[\"**\"]", files: Self.bodies) == [
                "w.yaml:6:52: the file's name says application/xml, which contradicts `contentType`"
            ]
        )
        #expect(problems("body: { \"**\": b.xml.mustache }", files: Self.bodies) == [])
    }

    // MARK: Schemas

    @Test func enforcingNothing() {
        let lines = "schema: enforce"
        let reason = "`schema: enforce` has nothing to compare for"
        #expect(
            problems(lines, profile: "standard", topics: "[grade.released, course.created, \"exam.*\"]") == [
                "w.yaml:6:13: warning: \(reason) `grade.released` and `exam.*`: no profile lists its fields"
            ]
        )
        #expect(problems(lines, profile: "standard", topics: "[\"**\"]") == [])
        #expect(problems(lines, profile: "fellow", topics: "[\"**\"]") == [])
        #expect(problems("schema: warn", profile: "standard", topics: "[grade.released]") == [])
    }

    // MARK: Secrets and references

    @Test func sourcesInPayloads() {
        for (value, key) in [("{ env: CRM_TOKEN }", "env"), ("{ file: token.secret }", "file")] {
            let found = payload("course.*: { token: \(value) }")
            #expect(found.count == 1)
            let start =
                "a body takes nothing from the environment or from files, and { \(key): … } would be sent as it stands; "
            #expect(found.first?.contains(start + SourceRules.places) == true, "\(found)")
        }
        for value in ["{ env: production }", "{ env: $vars.e }", "{ env: A, file: B }", "{ file: $data.course.url }"] {
            #expect(
                problems("payload: { course.*: { a: \(value) } }\nvars: { e: E }", topics: "[course.*]") == [],
                "\(value)"
            )
        }
        let profile = """
            title: T
            contentTypes: [application/json]
            body: { d: $payload, token: { env: TOKEN } }
            topics: [{ topic: a.b, title: t, trigger: t, documented: true, example: {} }]
            """
        let found = Sample.problems("templates: t", files: ["t/my/profile.yaml": profile])
        #expect(
            found.map { $0.hasPrefix("t/my/profile.yaml:3:31: a body takes nothing from the environment") } == [true]
        )
        let constant = problems("vars: { token: { env: TOKEN } }")
        #expect(
            constant.map { $0.contains("constants are shown, and are no secrets: \(SourceRules.places)") } == [true]
        )
    }

    @Test func conditionsAndTablesOfAMapping() {
        func found(_ value: String) -> [String] {
            payload("course.created: { a: \(value) }", topics: "[course.created]")
        }
        #expect(
            found("{ $if: { data.course.paymentType: fee }, $then: 1, $else: 2 }").map {
                $0.hasSuffix("did you mean `free`?")
            }
                == [true]
        )
        #expect(
            found("{ $from: $data.course.status, $values: { publishd: P, draft: D } }") == [
                "w.yaml:6:78: warning: `$data.course.status` is never this text: it is one of `draft` and `published`; "
                    + "did you mean `published`?"
            ]
        )
        #expect(found("{ $from: $data.course.status, $values: { published: P, draft: D } }") == [])
        #expect(found("{ $from: $data.course.name, $values: { any: P } }") == [])
        #expect(found("{ $from: $data.course.status | upper, $values: { DRAFT: D } }") == [])
    }

    @Test(arguments: [
        ("$tpoic", "$topic"), ("$dta.course.id", "$data.course.id"), ("$occurredAt.untx", "$occurredAt.unix"),
        ("$paylod.a", "$payload.a"), ("$vras.school", "$vars.school"),
    ])
    func mistypedReferences(_ reference: String, _ meant: String) {
        let profile = """
            title: T
            contentTypes: [application/json]
            body: { a: \(reference) }
            topics: [{ topic: a.b, title: t, trigger: t, documented: true, example: {} }]
            """
        #expect(
            Sample.problems("templates: t", files: ["t/my/profile.yaml": profile]) == [
                "t/my/profile.yaml:3:12: unknown reference; did you mean \(meant)?"
            ]
        )
    }

    @Test func mistypedWireNames() {
        let profile = """
            title: T
            contentTypes: [application/json]
            body: { a: $wire.actoin }
            topics: [{ topic: a.b, title: t, trigger: t, documented: true, wire: { action: x }, example: {} }]
            """
        let found = Sample.problems("templates: t", files: ["t/my/profile.yaml": profile])
        #expect(
            found.map { $0.hasSuffix("no wire name `actoin`, which `body` asks for; did you mean `action`?") } == [true]
        )
    }

    @Test func aNameThatWasCutShort() {
        let found = Sample.problems(Sample.subscription("", profile: "brain"))
        #expect(found.first?.contains("there is no profile `brain`; did you mean `braincert`?") == true, "\(found)")
        #expect(Suggestion.completed("loop", in: ["loopwise", "looplike"]) == nil)
        #expect(Suggestion.completed("lo", in: ["loopwise"]) == nil)
    }

    // MARK: Constants

    @Test func emptyConstantsInHeaders() {
        #expect(
            problems("vars: { s: \"\" }\nheaders: { X-A: \"a {{vars.s}}\" }") == [
                "w.yaml:7:16: the header asks for a constant of `vars` that is empty"
            ]
        )
        let profile = """
            title: T
            contentTypes: [application/json]
            headers: { X-School: "{{vars.school}}" }
            body: { d: $data }
            topics: [{ topic: a.b, title: t, trigger: t, documented: true, example: {} }]
            """
        let text = "templates: t\n" + Sample.subscription("vars: { school: \"\" }", profile: "my")
        #expect(
            Sample.problems(text, files: ["t/my/profile.yaml": profile]) == [
                "w.yaml:3:5: profile my makes a header of `school` of `vars`, which is empty"
            ]
        )
    }

    @Test func variablesOfTheEnvironmentThatAreNoText() {
        let text = Sample.subscription("bearer: { env: TOKEN }")
        #expect(
            Sample.problems(text, environment: ["TOKEN": "a-long-enough\u{FFFD}token"]) == [
                "w.yaml:6:20: `bearer`: the environment variable TOKEN is not UTF-8 text"
            ]
        )
    }
}
