import Testing
import WebhookCore

@testable import WebhookRegistry

/// Slips in profiles, filters and names that would otherwise show in what is sent, or in what is not.
@Suite struct QuietMistakeTests {
    private func profile(headers: String = "{}", fields: String = "[]", example: String = "{}") -> String {
        """
        title: T
        contentTypes: [application/json]
        headers: \(headers)
        body: { d: $payload }
        topics:
          - { topic: a.b, title: t, trigger: t, documented: true, wire: { type: x }, fields: \(fields),
              example: \(example) }
        """
    }

    private func problems(_ profile: String) -> [String] {
        Sample.problems("templates: t", files: ["t/my/profile.yaml": profile])
    }

    @Test(arguments: [
        ("{ X-T: \"{{topc}}\" }", "a header has no name `topc`; did you mean `topic`?"),
        ("{ X-T: \"{{{tenat}}}\" }", "a header has no name `tenat`; did you mean `tenant`?"),
        (
            "{ X-T: \"{{#wire.typ}}a{{/wire.typ}}\" }",
            "no topic has this wire name: write {{wire.KEY}} with a key of `wire`"
        ),
        (
            "{ X-T: \"{{ data.id }}\" }",
            "a header has no name `data`; there are `id`, `topic`, `tenant`, `deliveryId`, `attempt`, `timestamp`, "
                + "`test`, `wire` and `vars`"
        ),
    ])
    func namesInHeaders(_ headers: String, _ message: String) {
        #expect(problems(profile(headers: headers)).first == "t/my/profile.yaml:3:17: \(message)")
    }

    @Test func namesInHeadersThatAre() {
        let names = ["topic", " id ", "wire.type", "deliveryId", "attempt", "timestamp", "test", "tenant", "vars.a"]
        let value = names.map { "{{\($0)}}" }.joined(separator: " ")
        #expect(problems(profile(headers: "{ X-T: \"\(value)\" }")) == [])
    }

    @Test(arguments: [
        ("[{ name: n, type: integer }]", "{ n: \"12\" }", "n must be a whole number, and is a text"),
        ("[{ name: n, type: string }]", "{ m: a }", "n is missing"),
        ("[{ name: n, type: boolean, const: true }]", "{ n: false }", "n must be true"),
        ("[{ name: n, type: string, enum: [a] }]", "{ n: b }", "n is none of \"a\""),
        ("[{ name: n, type: array, items: { type: number } }]", "{ n: [1, x] }", "n.1 must be a number, and is a text"),
    ])
    func examplesAgainstTheirFields(_ fields: String, _ example: String, _ violation: String) {
        let found = problems(profile(fields: fields, example: example))
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix("the example contradicts `fields`: \(violation)") == true, "\(found)")
    }

    @Test(arguments: [
        ("data.course.nmae: C", "`data.course.nmae`; did you mean `data.course.name`?"),
        ("any: [{ data.usr.id: 1 }]", "`data.usr.id`; did you mean `data.user.id`?"),
        ("not: { data.enrollment.state: x }", "`data.enrollment.state`"),
    ])
    func pathsInFilters(_ filter: String, _ message: String) {
        let text = Sample.subscription("filter: { \(filter) }", profile: "braincert", topics: "[course.enrollment]")
        let found = Sample.problems(text)
        #expect(found.count == 1)
        let warning = "warning: no topic of this subscription is known to have \(message)"
        #expect(found.first?.contains(warning) == true, "\(found)")
    }

    /// The canonical event's path, the platform's own, and one of a topic that nobody knows.
    @Test(arguments: [
        ("braincert", "[course.enrollment]", "data.course.name"),
        ("braincert", "[course.enrollment]", "data.user.email"),
        ("loopwise", "[course.created]", "data.plans.0.amount"), ("fermion", "[\"**\"]", "data.anything"),
    ])
    func pathsInFiltersThatAre(_ name: String, _ topics: String, _ path: String) {
        let secrets = name == "fermion" ? "secrets: [a-long-secret-of-a-school]" : ""
        let text = Sample.subscription(
            "filter: { \(path): { exists: true } }\n\(secrets)",
            profile: name,
            topics: topics
        )
        let found = Sample.problems(text)
        #expect(found.isEmpty == (path != "data.anything"), "\(found)")
    }

    @Test func aBrokenProfileTellsItsOwnProblem() {
        let broken = profile().replacing("title: T", with: "titel: T")
        let text = "templates: t\n" + Sample.subscription("", profile: "my")
        let loaded = Sample.load(text, files: ["t/my/profile.yaml": broken])
        let found = loaded.diagnostics.map(\.description)
        #expect(found.count == 2)
        #expect(found.allSatisfy { $0.hasPrefix("t/my/profile.yaml:1:1: ") }, "\(found)")
        #expect(loaded.catalog.profile(named: "my") == nil)
        #expect(loaded.catalog.problem(with: "my") == found.first)
        #expect(loaded.catalog.problem(with: "other") == nil)
        // It hides a built-in one of its name all the same.
        let hidden = Sample.load("templates: t", files: ["t/fermion/profile.yaml": broken])
        #expect(hidden.catalog.profile(named: "fermion") == nil)
        #expect(hidden.catalog.problem(with: "fermion")?.hasPrefix("t/fermion/profile.yaml:1:1: ") == true)
    }
}
