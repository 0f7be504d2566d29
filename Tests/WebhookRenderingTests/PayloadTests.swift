import Testing
import WebhookCore

@testable import WebhookRegistry
@testable import WebhookRendering

/// What leaves, by mapping, for data that are the platform's own and for data that aren't.
@Suite struct PayloadTests {
    private static let fields = """
        [{ name: userId, type: string }, { name: phone, type: string, nullable: true },
         { name: paise, type: integer, optional: true }]
        """

    /// A profile of one topic, with a mapping and more lines of the topic.
    private func profile(
        _ payload: String,
        fields: String = fields,
        body: String = "{ e: $wire.type, \"...\": $payload }",
        types: String = "[application/json, application/xml, application/x-www-form-urlencoded]",
        isMapped: Bool = true
    ) throws -> Profile {
        let text = """
            title: T
            contentTypes: \(types)
            body: \(body)
            topics:
              - topic: a.b
                title: t
                trigger: t
                documented: true
                wire: { type: seven }
                fields: \(fields)
                \(isMapped ? "payload: \(payload)" : "note: n")
                example: { userId: "1", phone: null }
            """
        let files = PayloadFiles(profile: text)
        let loaded = ConfigurationLoader(environment: [:], files: files).load(path: "w.yaml")
        #expect(loaded.diagnostics.map(\.description) == [])
        return try #require(loaded.catalog.profile(named: "my"))
    }

    private func body(
        _ data: String,
        _ profile: Profile,
        as type: ContentType = .json,
        _ change: (inout Subscription) -> Void = { _ in }
    ) throws -> String {
        var subscription = Fixtures.subscription("crm", profile, as: type)
        change(&subscription)
        return try Fixtures.body(try Fixtures.event(data, topic: "a.b", tenant: "t"), for: subscription)
    }

    private func failure(
        _ data: String,
        _ profile: Profile,
        _ change: (inout Subscription) -> Void = { _ in }
    ) -> String? {
        do {
            _ = try body(data, profile, change)
            return nil
        } catch {
            return (error as? RenderingError)?.description
        }
    }

    private func body(_ data: String, _ profile: Profile, _ change: (inout Subscription) -> Void) throws -> String {
        try body(data, profile, as: .json, change)
    }

    private static let mapping =
        "{ userId: [$data.userId, $data.user.id | text], phone: [$data.user.phone, null], \"paise?\": $data.total | minorUnits }"

    @Test func nativeDataPassByteForByte() throws {
        let profile = try profile(Self.mapping)
        #expect(
            try body(#"{ "userId" : "\u00e9", "phone": null,"x":1.50 }"#, profile)
                == #"{"e":"seven","userId":"\u00e9","phone":null,"x":1.50}"#
        )
        let whole = try self.profile(Self.mapping, body: "{ p: $payload }")
        #expect(
            try body(#"{ "phone" : null, "userId": "1" }"#, whole) == #"{"p":{ "phone" : null, "userId": "1" }}"#
        )
    }

    @Test func otherDataAreMapped() throws {
        let profile = try profile(Self.mapping)
        let data = #"{"user":{"id":7,"phone":"+91"},"total":"24.99","secret":1}"#
        #expect(try body(data, profile) == #"{"e":"seven","userId":"7","phone":"+91","paise":2499}"#)
        #expect(try body(data, profile, as: .form) == "e=seven&userId=7&phone=%2B91&paise=2499")
        #expect(
            try body(data, profile, as: .xml) == #"<?xml version="1.0" encoding="UTF-8"?>"#
                + "<webhook><e>seven</e><userId>7</userId><phone>+91</phone><paise>2499</paise></webhook>"
        )
        // A member with another type than the platform's is not the platform's own.
        #expect(
            try body(#"{"userId":5,"phone":null,"user":{"id":"6"}}"#, profile)
                == #"{"e":"seven","userId":5,"phone":null}"#
        )
    }

    @Test func whatCannotBeMadeIsNamed() throws {
        let mapping = """
            { userId: [$data.userId, $data.user.id | integer | text], phone: $data.user.phone,
              o: { "x?": $data.x, y: $data.y }, l: { $each: $data.items, $item: { n: $item.n, m: [$item.m, 1] } } }
            """
        let profile = try profile(mapping)
        let start = "the payload of a.b can't be made of this event: "
        #expect(
            failure(#"{"user":{"id":7.5},"items":[{"n":1},{}]}"#, profile) == start
                + "userId: there is no data.userId, data.user.id is no whole number; "
                + "phone: there is no data.user.phone; o.y: there is no data.y; l[1].n: there is no item.n"
        )
        #expect(
            failure(#"{"userId":"1","user":{"phone":""},"y":0,"items":7}"#, profile) == start
                + "l: data.items is no list; as the platform's own payload: phone is missing"
        )
        #expect(failure("[]", profile)?.hasPrefix(start) == true)
    }

    /// Data that are nearly the platform's own miss little, and that is what helps.
    @Test func theNearestMissIsNamed() throws {
        let profile = try profile("{ userId: $data.user.id | text, phone: [$data.user.phone, null] }")
        let start = "the payload of a.b can't be made of this event: userId: there is no data.user.id"
        #expect(
            failure(#"{"userId":7,"phone":"+91"}"#, profile) == start
                + "; as the platform's own payload: userId must be a text, and is a number"
        )
        #expect(
            failure(#"{"userId":7,"phone":8,"paise":"x"}"#, profile) == start
                + "; as the platform's own payload: userId must be a text, and is a number; "
                + "phone must be a text, and is a number; paise must be a whole number, and is a text"
        )
        // Those with little in common are meant for the mapping.
        #expect(failure(#"{"user":{}}"#, profile) == start)
        #expect(failure("[1]", profile) == start)
    }

    /// Nobody publishes which members may be null.
    @Test func nullsOfThePlatformPassWhereTheMappingMakesNothing() throws {
        let profile = try profile("{ userId: $data.user.id | text, phone: [$data.user.phone, null] }")
        let data = #"{ "phone":null, "userId":null}"#
        for mode in [SchemaMode.off, .warn] {
            #expect(
                try body(data, profile) { $0.schema = mode } == #"{"e":"seven","phone":null,"userId":null}"#
            )
        }
        #expect(
            failure(data, profile) { $0.schema = .enforce }
                == "the payload does not fit the fields of a.b: userId must be a text, and is null"
        )
        // The mapping comes first.
        #expect(
            try body(#"{"userId":null,"phone":null,"user":{"id":7}}"#, profile)
                == #"{"e":"seven","userId":"7","phone":null}"#
        )
    }

    @Test func manyFailuresAreCounted() throws {
        let members = (0..<30).map { "m\($0): $data.m\($0)" }.joined(separator: ", ")
        let text = try #require(failure("{}", try profile("{ \(members) }")))
        #expect(text.hasSuffix("m19: there is no data.m19; and 10 more"))
    }

    @Test func listsObjectsAndConditions() throws {
        let mapping = """
            { userId: $data.id | text, phone: null,
              bundles: { $each: $data.courses, $item: { id: $item.id, who: { $each: $item.people, $item: $item.name } } },
              empty: [{ $each: $data.none, $item: 1 }, { $list: [] }],
              name: { $join: [$data.a, $data.b, $data.c] },
              limit: [{ $join: [$data.minutes | text, minutes] }, null],
              none: [{ $join: [$data.hours | text, hours] }, null],
              status: { $from: $data.status, $values: { paid: Complete, false: no-text, 1: one } },
              inr: [{ $if: { data.currency: INR, not: { test: true } }, $then: yes, $else: no }, null],
              only: [{ $if: { data.currency: USD }, $then: 1 }, none],
              all: { $list: [$data.a, $data.zzz, $data.c] }, "...": $data.more, topic: $topic, at: $occurredAt.date }
            """
        let data = #"""
            {"id":1,"courses":[{"id":"c","people":[{"name":"A"},{"name":"Ä"}]},{"id":2,"people":[]}],"a":"x","b":"","c":3,
             "minutes":30,"status":false,"currency":"INR","more":{"phone":1,"k":[ 1 ],"userId":2,"k2":"\u00e9"}}
            """#
        #expect(
            try body(data, try profile(mapping), as: .json) == #"{"e":"seven","userId":"1","phone":null,"#
                + #""bundles":[{"id":"c","who":["A","Ä"]},{"id":2,"who":[]}],"empty":[],"name":"x 3","#
                + #""limit":"30 minutes","none":null,"status":"no-text","inr":"yes","only":"none","all":["x",3],"#
                + #""k":[ 1 ],"k2":"\u00e9","topic":"a.b","at":"2026-03-01"}"#
        )
    }

    @Test func conditionsOfTheEventHoldForEveryItem() throws {
        let mapping = """
            { userId: a, phone: null, l: { $each: $data.l, $item: {
                a: [{ $if: { data.x: 1 }, $then: $item.n, $else: 0 }, null], b: [{ $if: { data.x: 2 }, $then: 1 }, none] } } }
            """
        let text = try body(#"{"x":1,"l":[{"n":1},{"n":2}]}"#, try profile(mapping))
        #expect(text.contains(#""l":[{"a":1,"b":"none"},{"a":2,"b":"none"}]"#), "\(text)")
    }

    /// A list without the item, or without any, would be half a payload.
    @Test(arguments: [
        "{ userId: a, phone: null, l: [{ $each: $data.l, $item: { n: $item.n } }, { $list: [] }] }",
        "{ userId: a, phone: null, \"l?\": { $each: $data.l, $item: { n: $item.n } } }",
        "{ userId: a, phone: null, l: { $list: [{ $each: $data.l, $item: { n: $item.n } }, 1] } }",
    ])
    func nothingStandsInForAListWithABadItem(_ mapping: String) throws {
        let profile = try profile(mapping)
        let good = try body(#"{"l":[{"n":1},{"n":2}]}"#, profile)
        #expect(good.contains(#"{"n":1},{"n":2}"#))
        let text = try #require(failure(#"{"l":[{"n":1},{"m":2},{"n":3}]}"#, profile))
        #expect(text.hasSuffix("l[1].n: there is no item.n"), "\(text)")
        // No list at all is another matter.
        #expect(failure("{}", profile) == nil)
    }

    @Test func ofAKeyThatStandsTwiceTheLastCounts() throws {
        let mapping = "{ userId: a, phone: null, \"...\": $data }"
        let data = #"{"a":1,"b":2,"a":3,"phone":4}"#
        #expect(try body(data, try profile(mapping)) == #"{"e":"seven","userId":"a","phone":null,"b":2,"a":3}"#)
        let wide = (0..<20_000).map { "\"k\($0)\":\($0)" }.joined(separator: ",")
        #expect(try body("{\(wide),\(wide)}", try profile(mapping)).utf8.count < 2 * wide.utf8.count)
    }

    @Test func currencyOfTheEvent() throws {
        let profile = try profile("{ userId: \"1\", phone: null, paise: $data.total | minorUnits($data.currency) }")
        #expect(try body(#"{"total":12.5,"currency":"JPY"}"#, profile).hasSuffix(#""paise":13}"#))
        #expect(try body(#"{"total":12.5,"currency":"INR"}"#, profile).hasSuffix(#""paise":1250}"#))
        #expect(
            failure(#"{"total":12.5,"currency":"rupees"}"#, profile)?
                .hasSuffix("paise: data.currency is no ISO 4217 code") == true
        )
    }

    @Test func envelopesConvertToo() throws {
        let profile = try profile(
            Self.mapping,
            body:
                "[{ at: $occurredAt.httpDate, n: \"$payload.paise | majorUnits\", l: { $list: [$id] }, p: $payload }]",
            types: "[application/json]"
        )
        #expect(
            try body(#"{"user":{"id":1},"total":3}"#, profile)
                == #"[{"at":"Sun, 01 Mar 2026 09:30:00 GMT","n":3.00,"l":["evt_1"],"p":{"userId":"1","phone":null,"paise":300}}]"#
        )
    }

    @Test func subscriptionsHaveTheirOwn() throws {
        let profile = try profile(Self.mapping)
        let pattern = try TopicPattern("a.*")
        let value = PayloadValue.object([
            .value(name: "school", isOptional: false, .reference(.vars("school"), [])),
            .value(name: "id", isOptional: false, .reference(.data(path: ["userId"]), [])),
        ])
        // Although the data are the platform's own.
        let text = try body(#"{"userId":"1","phone":null}"#, profile) {
            $0.topicPayloads = [TopicPayload(pattern: pattern, value: value)]
            $0.variables = [Variable(name: "school", value: .text("nörth"))]
        }
        #expect(text == #"{"e":"seven","school":"nörth","id":"1"}"#)
    }

    @Test func templatesSeePayloadAndConstants() throws {
        let profile = try profile(Self.mapping)
        let text = try body(#"{"user":{"id":7}}"#, profile) {
            $0.topicBodies = [
                TopicBody(
                    pattern: try! TopicPattern("x.y"),
                    body: BodyTemplate(name: "x", contentType: .json, source: "1")
                ),
                TopicBody(
                    pattern: try! TopicPattern("a.*"),
                    body: BodyTemplate(
                        name: "y",
                        contentType: .json,
                        source: #"{"u":"{{payload.userId}}","d":{{{data}}},"v":{{{vars.n}}}}"#
                    )
                ),
            ]
            $0.variables = [Variable(name: "n", value: .number("1.50"))]
        }
        #expect(text == #"{"u":"7","d":{"user":{"id":7}},"v":1.50}"#)
    }

    @Test func schemaModes() throws {
        let plain = try profile("{ userId: $data.id, phone: null }")
        // The mapping makes a number where the platform has a text.
        let event = try Fixtures.event(#"{"id":7}"#, topic: "a.b")
        func render(_ mode: SchemaMode) -> RenderedEvent {
            var subscription = Fixtures.subscription("crm", plain)
            subscription.schema = mode
            return WebhookRenderer(subscriptions: [subscription]).render(event, for: [subscription])
        }
        #expect(render(.off).findings.isEmpty && render(.off).bodies.count == 1)
        #expect(render(.warn).findings.map(\.violations) == [["userId must be a text, and is a number"]])
        #expect(render(.warn).bodies.map(\.text) == [#"{"e":"seven","userId":7,"phone":null}"#])
        let error = #expect(throws: RenderingError.self) { try render(.enforce).renderedBodies[0].get() }
        #expect(
            error?.description == "the payload does not fit the fields of a.b: userId must be a text, and is a number"
        )
    }

    /// A body that picks values by its own rules has no payload, but members that the catalogue describes.
    @Test(arguments: [
        (
            "{ userId: [$data.userId, $data.user.id], e: $wire.type }", #"{"user":{"id":7}}"#,
            "userId must be a text, and is a number"
        ),
        ("{ phone: $data.user.phone }", #"{"user":{"phone":["1"]}}"#, "phone must be a text, and is a list"),
        (
            "{ paise: $data.total | minorUnits, userId: $data.a.b }", #"{"total":2}"#,
            "userId must be a text, and is null"
        ),
        (
            "{ e: $wire.type, \"...\": $data.user }", #"{"user":{"userId":true,"e":1}}"#,
            "userId must be a text, and is a boolean; phone is missing"
        ),
        (
            "{ userId: { $join: [$data.a, b] }, paise: $data.a }", #"{"a":"x"}"#,
            "paise must be a whole number, and is a text"
        ),
    ])
    func membersThatABodyPicksAreCompared(_ body: String, _ data: String, _ violations: String) throws {
        let profile = try profile("{ a: 1 }", body: body, isMapped: false)
        for type in ContentType.allCases {
            func render(_ mode: SchemaMode) throws -> RenderedEvent {
                var subscription = Fixtures.subscription("crm", profile, as: type)
                subscription.schema = mode
                let event = try Fixtures.event(data, topic: "a.b")
                return WebhookRenderer(subscriptions: [subscription]).render(event, for: [subscription])
            }
            #expect(try render(.off).findings.isEmpty)
            #expect(try render(.warn).findings.flatMap(\.violations).joined(separator: "; ") == violations)
            #expect(try render(.warn).bodies == render(.off).bodies)
            let error = #expect(throws: RenderingError.self) { try render(.enforce).renderedBodies[0].get() }
            #expect(error?.description == "the payload does not fit the fields of a.b: \(violations)")
        }
    }

    /// What the body has no member for is not the catalogue's business, nor are the body's own members.
    @Test func membersThatFit() throws {
        let profile = try profile(
            "{ a: 1 }",
            body: "{ paise: $wire.type, userId: [$data.userId, $data.user.id] }",
            isMapped: false
        )
        let text = try body(#"{"user":{"id":"7"}}"#, profile) { $0.schema = .enforce }
        #expect(text == #"{"paise":"seven","userId":"7"}"#)
    }

    @Test func listsWithinListsAreBounded() throws {
        let inner =
            "{ $each: $data.l, $item: { $each: $data.l, $item: { $each: $data.l, $item: { $each: $data.l, $item: $data.t } } } }"
        let profile = try profile("{ userId: \(inner), phone: null }")
        let items = Array(repeating: "1", count: 60).joined(separator: ",")
        let text = failure("{\"l\":[\(items)],\"t\":\"xxxxxxxx\"}", profile)
        #expect(text?.hasPrefix("the body would ") == true, "\(text ?? "rendered")")
    }
}

/// The one profile `my`.
private struct PayloadFiles: ConfigurationFiles {
    let profile: String

    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        switch path {
        case "w.yaml": return "templates: t"
        case "t/my/profile.yaml": return ByteString(profile)
        default: throw FileProblem.missing
        }
    }

    func folders(in path: String) throws(FileProblem) -> [String] { ["my"] }
}
