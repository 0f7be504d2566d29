import Testing
import WebhookCore

@testable import WebhookRegistry
@testable import WebhookRendering

/// `schema: enforce` where the body that leaves can't be compared: the event's data are judged before anything is rendered.
@Suite struct EnforcedSchemaTests {
    private static let catalog = ProfileCatalog()
    private static let canonical = catalog.profile(named: ProfileCatalog.canonicalName)?.topics ?? []
    private static let enrollment =
        #"{"enrollment":{"id":"1"},"course":{"id":"318","name":"C"},"user":{"id":"5","name":"A","email":"a@example.com"}}"#

    private func render(
        _ data: String,
        profile: String,
        topic: String = "course.enrollment",
        _ change: (inout Subscription) throws -> Void = { _ in }
    ) throws -> String? {
        let profile = try #require(Self.catalog.profile(named: profile))
        var subscription = Fixtures.subscription("crm", profile)
        subscription.schema = .enforce
        subscription.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        try change(&subscription)
        let event = try Fixtures.event(data, topic: topic)
        let renderer = WebhookRenderer(subscriptions: [subscription], canonical: Self.canonical)
        let rendered = renderer.render(event, for: [subscription])
        guard case .failure(let error)? = rendered.renderedBodies.first else { return nil }
        return error.description
    }

    private func withBody(_ subscription: inout Subscription) {
        subscription.body = BodyTemplate(name: "b.json.mustache", contentType: .json, source: "{}")
    }

    @Test(arguments: ["standard", "slack"])
    func underAProfileForAnyTopic(_ profile: String) throws {
        #expect(try render(Self.enrollment, profile: profile) == nil)
        let failure = try render(#"{"user":{"id":5}}"#, profile: profile)
        #expect(
            failure?.hasPrefix("the data do not fit the canonical event of course.enrollment: ") == true,
            "\(failure ?? "-")"
        )
        #expect(failure?.contains("user.id must be a text, and is a number") == true)
        // Nobody has described this one.
        #expect(try render(#"{"user":{"id":5}}"#, profile: profile, topic: "grade.released") == nil)
        for mode in [SchemaMode.off, .warn] {
            #expect(try render(#"{"user":{"id":5}}"#, profile: profile) { $0.schema = mode } == nil)
        }
    }

    @Test func whatThePlatformLeavesOut() throws {
        let run = #"{"internalUserId":"i","labId":"l","challengeResult":{"isLabAttempted":false}}"#
        #expect(try render(run, profile: "fermion", topic: "lab.tests_run") == nil)
    }

    @Test func underACustomBody() throws {
        let native =
            #"{"userId":"7","userFullname":"A","userEmail":"a@b.example","userPhoneNumber":null,"courseSlug":"c","courseName":"C"}"#
        #expect(try render(Self.enrollment, profile: "fermion", withBody) == nil)
        #expect(try render(native, profile: "fermion", withBody) == nil)
        let failure = try render(#"{"userId":7}"#, profile: "fermion", withBody)
        #expect(failure?.hasPrefix("the data do not fit the canonical event of course.enrollment: ") == true)
        // By topic: the others' bodies are compared as they leave.
        let other = try render(#"{"userId":7}"#, profile: "fermion") {
            $0.topicBodies = [
                TopicBody(
                    pattern: try TopicPattern("course.sale"),
                    body: BodyTemplate(name: "b", contentType: .json, source: "{}")
                )
            ]
        }
        #expect(other?.hasPrefix("the payload of course.enrollment can't be made of this event: ") == true)
    }

    /// Its body picks members out of the data by its own rules.
    @Test func underFellow() throws {
        for data in [#"{"courseId":1,"memberId":"2"}"#, #"{"course":{"id":"1"},"user":{"id":2}}"#, Self.enrollment] {
            #expect(try render(data, profile: "fellow") { $0.secrets = [] } == nil)
        }
        let failure = try render(#"{"courseId":{"a":1},"user":{"id":true}}"#, profile: "fellow") { $0.secrets = [] }
        #expect(
            failure
                == "the payload does not fit the fields of course.enrollment: courseId is of none of the allowed types, "
                + "and is an object; memberId is of none of the allowed types, and is a boolean"
        )
    }

    @Test func aTopicThatOnlyThePlatformDescribes() throws {
        var topic = Fixtures.topic("a.b", example: #"{"n":1}"#)
        topic.fields = [ProfileField(name: "n", type: .integer)]
        let profile = Fixtures.profile(body: [EnvelopeMember(name: "d", value: .reference(.id))], topics: [topic])
        var subscription = Fixtures.subscription("crm", profile, template: "{}")
        subscription.schema = .enforce
        func failure(_ data: String) throws -> String? {
            let rendered = WebhookRenderer(subscriptions: [subscription], canonical: Self.canonical)
                .render(try Fixtures.event(data, topic: "a.b"), for: [subscription])
            guard case .failure(let error)? = rendered.renderedBodies.first else { return nil }
            return error.description
        }
        #expect(try failure(#"{"n":2}"#) == nil)
        #expect(
            try failure(#"{"n":"2"}"#)
                == "the data do not fit the fields of a.b: n must be a whole number, and is a text"
        )
    }

    /// The examples are what hosts are advised to emit, and not the generic one.
    @Test func theExamplesFit() throws {
        for (name, topics) in [
            ("standard", "course.*"), ("standard", "**"), ("slack", "course.created"), ("fermion", "**"),
        ] {
            let profile = try #require(Self.catalog.profile(named: name))
            var subscription = Fixtures.subscription("crm", profile)
            subscription.topics = [try TopicPattern(topics)]
            subscription.schema = .enforce
            subscription.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
            let found = TemplateChecker.check(subscription: subscription, canonical: Self.canonical)
            #expect(found.filter { $0.severity == .error } == [], "\(name)")
        }
    }
}
