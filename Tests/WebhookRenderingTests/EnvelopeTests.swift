import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("Envelopes")
struct EnvelopeTests {
    @Test("standard: data passes through byte for byte, in a compact envelope")
    func standard() throws {
        let data = #"{ "b" : 1.50, "a":"\u00e9\/", "a":null }"#
        let body = try Fixtures.body(Fixtures.event(data), for: Fixtures.subscription("s", Fixtures.standard))
        #expect(body == #"{"type":"course.created","timestamp":"2026-03-01T09:30:00.000Z","data":"# + data + "}")
    }

    @Test("data longer than the short parts is copied whole")
    func longData() throws {
        let data = #"{"text":""# + String(repeating: "x", count: 5000) + #""}"#
        let body = try Fixtures.body(Fixtures.event(data), for: Fixtures.subscription("s", Fixtures.standard))
        #expect(body.hasSuffix(#""data":"# + data + "}"))
        #expect(body.hasPrefix(#"{"type":"course.created","#))
    }

    @Test(
        "the data as the whole body, byte for byte",
        arguments: ["{ \"b\" : 1.50, \"a\":1,\"b\":2 }", "[1 ]", "null", "\"x\""]
    )
    func wholeBody(data: String) throws {
        for reference in [EnvelopeReference.data(path: []), .payload(path: [])] {
            let profile = Profile(
                name: "raw",
                title: "Raw",
                contentTypes: [.json],
                anyTopic: true,
                body: .whole(reference),
                topics: [Fixtures.topic("**")]
            )
            let subscription = Fixtures.subscription("s", profile)
            #expect(try Fixtures.body(Fixtures.event(data), for: subscription) == data)
        }
    }

    private func brainCert(keys: [String]?) -> Profile {
        Fixtures.profile(
            "braincert",
            contentTypes: [.json, .xml],
            body: [
                EnvelopeMember(name: "id", value: .reference(.id)),
                EnvelopeMember(name: "resource", value: .reference(.wire("resource"))),
                EnvelopeMember(name: "action", value: .reference(.wire("action"))),
                EnvelopeMember(name: "tenant_id", value: .reference(.tenant)),
                EnvelopeMember(name: "domain_id", value: .reference(.tenant)),
                EnvelopeMember(name: "created_at", value: .reference(.occurredAt(.milliseconds))),
                EnvelopeMember(name: "timestamp", value: .reference(.occurredAt(.unix))),
                EnvelopeMember(name: "payload", value: .reference(.data(path: []))),
            ],
            topics: [
                Fixtures.topic("user.created", wire: [("resource", "user"), ("action", "signup")], keys: keys)
            ]
        )
    }

    @Test("a topic narrows the envelope, and a missing tenant is null")
    func keys() throws {
        let profile = brainCert(keys: ["payload", "id", "resource", "action", "domain_id", "created_at"])
        let event = try Fixtures.event(#"{"user_id":"9"}"#, topic: "user.created")
        #expect(
            try Fixtures.body(event, for: Fixtures.subscription("b", profile))
                == #"{"id":"evt_1","resource":"user","action":"signup","domain_id":null,"#
                + #""created_at":"2026-03-01T09:30:00.000Z","payload":{"user_id":"9"}}"#
        )
    }

    @Test("the same envelope as XML")
    func xml() throws {
        let event = try Fixtures.event(#"{"user_id":"9"}"#, topic: "user.created", tenant: "school-42")
        #expect(
            try Fixtures.body(event, for: Fixtures.subscription("b", brainCert(keys: nil), as: .xml))
                == #"<?xml version="1.0" encoding="UTF-8"?><webhook><id>evt_1</id><resource>user</resource>"#
                + "<action>signup</action><tenant_id>school-42</tenant_id><domain_id>school-42</domain_id>"
                + "<created_at>2026-03-01T09:30:00.000Z</created_at><timestamp>1772357400</timestamp>"
                + "<payload><user_id>9</user_id></payload></webhook>"
        )
    }

    private let fermion = Fixtures.profile(
        "fermion",
        contentTypes: [.json, .form],
        body: [
            EnvelopeMember(name: "isTestEvent", value: .reference(.test)),
            EnvelopeMember(
                name: "payload",
                value: .object([
                    EnvelopeMember(name: "eventType", value: .reference(.wire("eventType"))),
                    EnvelopeMember(name: "...", value: .merge(.data(path: []))),
                ])
            ),
        ],
        topics: [Fixtures.topic("video.ready", wire: [("eventType", "video-ready")])]
    )

    @Test(
        "merged members keep their text, and keys that the envelope has are dropped",
        arguments: [
            (#"{ "videoId" : 1.0, "eventType":"x", "k\u00e9y": [ 1 ] }"#, #","videoId":1.0,"k\u00e9y":[ 1 ]"#),
            ("{}", ""),
            (#"{"a":{"b":1}}"#, #","a":{"b":1}"#),
            ("{\"e\u{301}\":1,\"\u{E9}\":2}", ",\"e\u{301}\":1,\"\u{E9}\":2"),
        ]
    )
    func merge(data: String, merged: String) throws {
        let event = try Fixtures.event(data, topic: "video.ready", test: true)
        #expect(
            try Fixtures.body(event, for: Fixtures.subscription("f", fermion))
                == #"{"isTestEvent":true,"payload":{"eventType":"video-ready""# + merged + "}}"
        )
    }

    @Test("a merge that comes first brings no stray comma", arguments: [("{}", ""), (#"{"a":1}"#, #""a":1,"#)])
    func leadingMerge(data: String, merged: String) throws {
        let profile = Fixtures.profile(body: [
            EnvelopeMember(name: "...", value: .merge(.data(path: []))),
            EnvelopeMember(name: "...", value: .merge(.data(path: []))),
            EnvelopeMember(name: "id", value: .reference(.id)),
            EnvelopeMember(name: "v", value: .literal("2")),
        ])
        let subscription = Fixtures.subscription("s", profile)
        #expect(
            try Fixtures.body(Fixtures.event(data), for: subscription) == "{" + merged + #""id":"evt_1","v":2}"#
        )
    }

    @Test("merging something that is no object is an error that says so", arguments: ["[1]", #""text""#, "null"])
    func mergeOfNoObject(data: String) throws {
        let event = try Fixtures.event(data, topic: "video.ready")
        for contentType in [ContentType.json, .form] {
            let subscription = Fixtures.subscription("f", fermion, as: contentType)
            #expect(throws: RenderingError("the profile merges the members of data, which is no object here")) {
                try Fixtures.body(event, for: subscription)
            }
        }
    }

    private let fellow = Fixtures.profile(
        "fellow",
        contentTypes: [.form],
        body: [
            EnvelopeMember(
                name: "courseId",
                value: .firstOf([.data(path: ["courseId"]), .data(path: ["course", "id"])])
            ),
            EnvelopeMember(name: "programId", value: .firstOf([.data(path: ["programId"])])),
            EnvelopeMember(
                name: "memberId",
                value: .firstOf([.data(path: ["memberId"]), .data(path: ["user", "id"])])
            ),
            EnvelopeMember(name: "event", value: .reference(.wire("event"))),
        ],
        topics: [
            Fixtures.topic(
                "course.completed",
                wire: [("event", "COURSEMEMBER_COMPLETED")],
                keys: ["courseId", "memberId", "event"]
            )
        ]
    )

    @Test(
        "the first path that leads to a value counts",
        arguments: [
            (#"{"courseId":5120,"memberId":"8 8","course":{"id":1}}"#, "courseId=5120&memberId=8+8"),
            (#"{"course":{"id":7},"memberId":null,"user":{"id":"ü"}}"#, "courseId=7&memberId=%C3%BC"),
        ]
    )
    func firstOf(data: String, expected: String) throws {
        let event = try Fixtures.event(data, topic: "course.completed")
        #expect(
            try Fixtures.body(event, for: Fixtures.subscription("f", fellow)) == expected
                + "&event=COURSEMEMBER_COMPLETED"
        )
    }

    @Test("no path that leads to a value is an error that names the paths and no value")
    func firstOfNothing() throws {
        let event = try Fixtures.event(#"{"courseId":"canary","memberId":null}"#, topic: "course.completed")
        let subscription = Fixtures.subscription("f", fellow)
        #expect(
            throws: RenderingError(
                "the profile requires a value that the event lacks; looked for: data.memberId, data.user.id"
            )
        ) { try Fixtures.body(event, for: subscription) }
    }

    @Test("times in every format, literals, nested objects and paths; a path that leads nowhere is null")
    func everything() throws {
        let profile = Fixtures.profile(body: [
            EnvelopeMember(name: "s", value: .reference(.occurredAt(.seconds))),
            EnvelopeMember(name: "ms", value: .reference(.occurredAt(.unixMilliseconds))),
            EnvelopeMember(name: "l\"", value: .literal(#""a/\"b""#)),
            EnvelopeMember(name: "o", value: .object([EnvelopeMember(name: "n", value: .literal("null"))])),
            EnvelopeMember(name: "p", value: .reference(.data(path: ["a", "1"]))),
            EnvelopeMember(name: "q", value: .reference(.data(path: ["a", "2"]))),
        ])
        let event = try Fixtures.event(#"{"a":[0, { "x" : 1 }]}"#)
        #expect(
            try Fixtures.body(event, for: Fixtures.subscription("s", profile))
                == #"{"s":"2026-03-01T09:30:00Z","ms":1772357400000,"l\"":"a/\"b","o":{"n":null},"#
                + #""p":{ "x" : 1 },"q":null}"#
        )
        #expect(
            try Fixtures.body(event, for: Fixtures.subscription("s", profile, as: .form))
                == "s=2026-03-01T09%3A30%3A00Z&ms=1772357400000&l%22=a%2F%22b&o%5Bn%5D=&p%5Bx%5D=1&q="
        )
    }

    @Test("subscriptions that want the same representation share a body")
    func sharing() throws {
        let profile = brainCert(keys: nil)
        let subscriptions = [
            Fixtures.subscription("a", profile), Fixtures.subscription("b", profile, as: .xml),
            Fixtures.subscription("c", profile), Fixtures.subscription("d", profile, template: "{}"),
            Fixtures.subscription("e", profile, template: "{}"),
            Fixtures.subscription("f", profile, template: "{{>x}}"),
            Fixtures.subscription("g", Fixtures.standard),
        ]
        let event = try Fixtures.event("{}", topic: "user.created")
        for known in [subscriptions, []] {
            let rendered = WebhookRenderer(subscriptions: known).render(event, for: subscriptions)
            #expect(rendered.bodies.count == 4)
            #expect(rendered.renderedBodies.map { (try? $0.get())?.body } == [0, 1, 0, 2, 2, nil, 3])
        }
    }

    @Test("a topic that the profile does not know, and a wire name that the topic lacks")
    func unknown() throws {
        let subscription = Fixtures.subscription("f", fellow)
        #expect(throws: RenderingError("the profile fellow does not know the topic course.created")) {
            try Fixtures.body(Fixtures.event("{}"), for: subscription)
        }
        let profile = Fixtures.profile(body: [EnvelopeMember(name: "a", value: .reference(.wire("event")))])
        #expect(throws: RenderingError("the topic ** has no wire name event")) {
            try Fixtures.body(Fixtures.event("{}"), for: Fixtures.subscription("f", profile))
        }
    }
}
