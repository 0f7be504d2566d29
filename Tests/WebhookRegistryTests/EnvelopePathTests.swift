import Testing

@testable import WebhookRegistry

/// Paths of a profile's `body` against what its topics have.
@Suite struct EnvelopePathTests {
    /// A path of `body` is warned of where no topic of the profile can have it.
    @Test(arguments: [
        (["course.created"], "$data.course.nmae", ["; did you mean `data.course.name`?"]),
        (["course.created"], "$data.course.nmae | text", ["; did you mean `data.course.name`?"]),
        (["course.created"], "$data.course.name", []), (["course.created"], "$data", []),
        // The other topic may have it, or anything.
        (["course.created", "a.b"], "$data.course.nmae", []),
        (["course.created", "course.updated"], "$data.course.nmae", ["of the profile's other topics"]),
    ])
    func envelopePaths(_ topics: [String], _ reference: String, _ endings: [String]) {
        let entries = topics.map { "{ topic: \($0), title: t, trigger: t, documented: true, example: {} }" }
        let profile = """
            title: T
            contentTypes: [application/json]
            body: { a: { b: "\(reference)" } }
            topics: [\(entries.joined(separator: ", "))]
            """
        let found = Sample.problems("templates: t", files: ["t/my/profile.yaml": profile])
        #expect(found.count == endings.count, "\(found)")
        for (problem, ending) in zip(found, endings) {
            #expect(problem.hasPrefix("t/my/profile.yaml:3:17: warning: neither the canonical event"), "\(problem)")
            #expect(problem.hasSuffix(ending), "\(problem)")
        }
    }
}
