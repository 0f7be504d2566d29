import Testing
import WebhookCore

@testable import WebhookRendering

@Suite("Checking templates beforehand")
struct TemplateCheckerTests {
    private let profile = Fixtures.profile(
        "lms",
        contentTypes: [.json],
        body: [EnvelopeMember(name: "id", value: .reference(.id))],
        topics: [
            Fixtures.topic(
                "course.created",
                wire: [("type", "c")],
                example: #"{"name":"Ada","plans":[{"amount":1},{"price":2}],"none":[],"phone":null}"#
            ),
            Fixtures.topic("user.created", example: #"{"email":"a@example.com"}"#),
        ]
    )

    private func check(_ template: String, topics: String = "course.*") -> [String] {
        var subscription = Fixtures.subscription("crm", profile, template: template)
        subscription.topics = [try? TopicPattern(topics)].compactMap { $0 }
        return TemplateChecker.check(subscription: subscription).map(\.description)
    }

    @Test("nothing to say about what the examples provide")
    func clean() {
        #expect(
            check(
                #"{"a":"{{id}}{{wire.type}}{{data.name}}",{{#data.plans}}"b":"{{amount}}{{price}}{{topic}}",{{/data.plans}}"c":0}"#
            ) == []
        )
        #expect(check(#"{"a":"{{data.name}}{{data.email}}"}"#, topics: "**") == [])
    }

    @Test("a name that no example provides is a warning with its place")
    func warnings() {
        #expect(
            check(
                "[\n\"{{data.nmae}}\",\n\"{{#data.none}}{{x}}{{id}}{{/data.none}}\",\"{{#data.gone}}{{y}}{{/data.gone}}\"]"
            ) == [
                "bodies/crm.mustache:2:2: warning: no example provides data.nmae; did you mean data.name?",
                "bodies/crm.mustache:3:16: warning: no example provides x",
                "bodies/crm.mustache:3:44: warning: no example provides data.gone; did you mean data.none?",
            ]
        )
        #expect(check(#"["{{^data.phone}}{{data.name}}{{/data.phone}}"]"#) == [])
    }

    @Test("of thousands of such names some are named, and the others counted")
    func manyWarnings() {
        let found = check("[\n" + String(repeating: "\"{{data.gone}}\",\n", count: 20_000) + "0]")
        #expect(found.count == 41)
        #expect(
            found.first == "bodies/crm.mustache:2:2: warning: no example provides data.gone; did you mean data.none?"
        )
        #expect(found[39].hasPrefix("bodies/crm.mustache:41:2: warning: no example provides data.gone"))
        #expect(found.last == "bodies/crm.mustache: warning: and 19960 more that no example provides")
    }

    @Test("what may have been meant, in every scope and wherever the name is wrong")
    func suggestions() {
        let cases = [
            ("{{topc}}", "topc", "topic"), ("{{ dta.name }}", "dta.name", "data.name"),
            ("{{{payload.phon}}}", "payload.phon", "payload.phone"), ("{{wire.typ}}", "wire.typ", "wire.type"),
            ("{{#data}}{{nmae}}{{/data}}", "nmae", "name"),
            ("{{#data.plans}}{{.amont}}{{/data.plans}}", ".amont", ".amount"),
            ("{{^data.plns}}a{{/data.plns}}", "data.plns", "data.plans"),
        ]
        for (text, name, meant) in cases {
            let found = check("[\"\(text)\"]")
            #expect(found.count == 1 && found[0].hasPrefix("bodies/crm.mustache:1:"), "\(found)")
            #expect(
                found.first?.hasSuffix("warning: no example provides \(name); did you mean \(meant)?") == true,
                "\(found)"
            )
        }
        // Nothing of the kind is near, or is there either.
        for text in ["{{data.colour}}", "{{data.nmae.first}}"] {
            #expect(check("[\"\(text)\"]").allSatisfy { !$0.contains("did you mean") })
        }
    }

    @Test("what does not compile or renders ill-formed is an error")
    func errors() {
        #expect(check("[\n{{>x}}]") == ["bodies/crm.mustache:2:1: partials are not supported: put the text in place"])
        #expect(
            check("[{{data.name}}]") == [
                "bodies/crm.mustache:1:1: the example of course.created does not render: "
                    + "the rendered JSON is not well-formed at line 1, column 2: not a JSON value"
            ]
        )
    }

    @Test("where any topic goes, bodies are judged by what hosts are advised to emit")
    func anyTopic() throws {
        let canonical = [
            Fixtures.topic("course.enrollment", example: #"{"user":{"id":"5"},"course":{"id":"1"}}"#),
            Fixtures.topic("course.created", example: #"{"course":{"id":"1"}}"#),
            Fixtures.topic("user.created", example: #"{"user":{"id":"5"}}"#),
            Fixtures.topic("user.updated", example: #"{"user":{"id":"5"}}"#),
        ]
        func check(_ template: String, _ topics: String) throws -> [String] {
            var subscription = Fixtures.subscription("crm", Fixtures.standard, template: template)
            subscription.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
            subscription.topics = [try TopicPattern(topics)]
            return TemplateChecker.check(subscription: subscription, canonical: canonical).map(\.description)
        }
        #expect(try check(#"{"a":{{{data.user.id}}}}"#, "course.enrollment") == [])
        #expect(try check(#"{"a":{{{data.user.id}}}}"#, "user.*") == [])
        let reason = "does not render: the rendered JSON is not well-formed at line 1, column 6: not a JSON value"
        // Some of what it takes can be sent.
        #expect(
            try check(#"{"a":{{{data.course.id}}}}"#, "**") == [
                "bodies/crm.mustache:1:1: warning: the canonical example of user.created \(reason); nor do those of "
                    + "user.updated"
            ]
        )
        #expect(
            try check(#"{"a":{{{data.user.id}}}}"#, "course.created") == [
                "bodies/crm.mustache:1:6: warning: no example provides data.user.id",
                "bodies/crm.mustache:1:1: the canonical example of course.created \(reason)",
            ]
        )
        // Nobody has described these.
        #expect(try check(#"{"a":{{{data.id}}}}"#, "grade.released") == [])
    }

    @Test("a subscription's secrets and headers")
    func secrets() {
        var subscription = Fixtures.subscription("crm", Fixtures.standard)
        #expect(
            TemplateChecker.check(subscription: subscription).map(\.description)
                == ["subscription crm: the profile requires a signing secret"]
        )
        subscription.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        #expect(TemplateChecker.check(subscription: subscription) == [])
    }

    @Test("a profile: every topic in every content type, its templates and headers")
    func profiles() {
        #expect(TemplateChecker.check(profile: profile) == [])
        let broken = Fixtures.profile(
            "broken",
            contentTypes: [.json],
            headers: [HeaderTemplate(name: "X-A", template: "{{#a}}")],
            body: [EnvelopeMember(name: "a", value: .firstOf([.data(path: ["a"])]))],
            topics: [Fixtures.topic("user.created", example: #"{"b":1}"#)]
        )
        #expect(
            TemplateChecker.check(profile: broken).map(\.description) == [
                "broken/profile.json: header X-A: line 1, column 1: the section a is not closed",
                "broken/profile.json: the example of user.created does not render: "
                    + "the profile requires a value that the event lacks; looked for: data.a",
            ]
        )
        let templates = Profile(
            name: "t",
            title: "T",
            contentTypes: [.json, .xml],
            body: .templates([
                .json: BodyTemplate(
                    name: "t/body.json.mustache",
                    contentType: .json,
                    source: "[{{{data.x}}}{{data.y}}]"
                ),
                .xml: BodyTemplate(name: "t/body.xml.mustache", contentType: .xml, source: "{{=a b=}}"),
            ]),
            topics: [Fixtures.topic("user.created", example: #"{"x": 1}"#)]
        )
        #expect(
            TemplateChecker.check(profile: templates).map(\.description) == [
                "t/body.json.mustache:1:14: warning: no example provides data.y; did you mean data.x?",
                "t/body.xml.mustache:1:1: changing the delimiters is not supported",
            ]
        )
    }
}
