import Testing
import WebhookCore
import WebhookSimulation

@Suite struct TopicPatternTests {
    @Test(arguments: [
        "a", "course.created", "a_1.2b._", "0", "A", "a-b", "User.Created", "-.-", String(repeating: "a", count: 256),
    ])
    func acceptsTopics(topic: String) throws {
        #expect(Topic.isValid(topic))
        #expect(try TopicPattern(topic).matches(topic))
        #expect(try !TopicPattern(topic).hasWildcard)
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "a/b", "a b", "a*", "é", "a.b\n", String(repeating: "a", count: 257),
    ])
    func refusesTopics(topic: String) {
        #expect(!Topic.isValid(topic))
        #expect(throws: TopicPatternError.self) { try TopicPattern(topic) }
    }

    @Test(arguments: ["***", "a.*b", "*.", ".*", "a..*", "A/.*", "* ", "a.***"])
    func refusesPatterns(pattern: String) {
        #expect(throws: TopicPatternError.self) { try TopicPattern(pattern) }
    }

    @Test(arguments: [
        ("*", "a", true), ("*", "a.b", false), ("**", "a", true), ("**", "a.b.c", true), ("a.*", "a", false),
        ("a.*", "a.b", true),
        ("a.*", "a.b.c", false), ("a.**", "a", false), ("a.**", "a.b.c", true), ("*.b", "a.b", true),
        ("**.b", "b", false),
        ("**.b", "a.b.b", true), ("a.*.c", "a.b.c", true), ("**.**", "a", false), ("**.**", "a.b", true),
        ("**.a.**", "a.a", false),
        ("**.a.**", "a.a.a", true), ("user.*", "users.created", false), ("user.created", "user.created", true),
        ("user.created", "user.created.x", false), ("User.*", "user.created", false), ("User.*", "User.sign-on", true),
        ("user.created", "User.created", false),
    ])
    func matches(pattern: String, topic: String, expected: Bool) throws {
        #expect(try TopicPattern(pattern).matches(topic) == expected)
    }

    @Test func agreesWithTheDefinition() throws {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<20_000 {
            let pattern = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                ["a", "b", "*", "**"].randomElement(using: &random) ?? ""
            }
            let topic = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                ["a", "b", "ab"].randomElement(using: &random) ?? ""
            }
            let read = try? TopicPattern(pattern.joined(separator: "."))
            let matches = try #require(read).matches(topic.joined(separator: "."))
            #expect(matches == Self.matches(pattern[...], topic[...]), "\(pattern) \(topic)")
        }
    }

    /// The definition, as slow as it is plain.
    @Test(
        "a pattern takes what its wildcards cover from a topic that it doesn't match",
        arguments: [
            ("billing.**", "biling.invoice.paid", "billing.invoice.paid"),
            ("billing.**", "biling.paid", "billing.paid"),
            ("**.paid", "billing.invoice.piad", "billing.invoice.paid"), ("a.*.c", "x.b.c", "a.b.c"),
            ("a.**.c.*", "x.1.2.c.3", "a.1.2.c.3"), ("a.b", "x.y.z", "a.b"),
            ("billing.**", "biling", nil), ("a.*", "x.b.c", nil),
        ] as [(String, String, String?)]
    )
    func filled(pattern: String, topic: String, expected: String?) throws {
        #expect(try TopicPattern(pattern).filled(from: topic) == expected)
    }

    private static func matches(_ pattern: ArraySlice<String>, _ topic: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return topic.isEmpty }
        guard let segment = topic.first else { return false }
        switch first {
        case "**": return matches(pattern.dropFirst(), topic.dropFirst()) || matches(pattern, topic.dropFirst())
        case "*": return matches(pattern.dropFirst(), topic.dropFirst())
        default: return first == segment && matches(pattern.dropFirst(), topic.dropFirst())
        }
    }

    @Test(arguments: [
        ("**", "a.b", true), ("**", "*", true), ("**", "a.**", true), ("a.**", "a.*", true), ("a.*", "a.b", true),
        ("a.b", "a.b", true), ("*.b", "a.b", true), ("**.b", "*.a.b", true), ("*.**", "a.b.c", true),
        ("*.*", "**", false),
        ("a.*", "a.**", false), ("a.b", "a.*", false), ("a.*", "b.*", false), ("*.**", "**", false),
        ("a.**", "a", false),
        ("**.b", "a.**", false),
    ])
    func `a pattern covers another where it matches all of its topics`(_ one: String, _ other: String, _ covers: Bool)
        throws
    {
        #expect(try TopicPattern(one).covers(TopicPattern(other)) == covers)
    }

    @Test func `a pattern that covers another matches whatever that one does`() throws {
        var random = SystemRandomNumberGenerator()
        func text(_ words: [String]) -> String {
            (0..<Int.random(in: 1...5, using: &random)).map { _ in words.randomElement(using: &random) ?? "a" }
                .joined(separator: ".")
        }
        for _ in 0..<5_000 {
            let (one, other) = (
                try TopicPattern(text(["a", "b", "*", "**"])), try TopicPattern(text(["a", "b", "*", "**"]))
            )
            guard one.covers(other) else { continue }
            let topic = text(["a", "b"])
            #expect(!other.matches(topic) || one.matches(topic), "\(one) \(other) \(topic)")
        }
    }

    @Test func `what is no pattern is thrown with its text and the grammar, harmless to print`() {
        let error = #expect(throws: TopicPatternError.self) { try TopicPattern("course.*x\u{1B}") }
        #expect(error?.description.contains(#""course.*x\u{1B}" is no topic or pattern"#) == true, "\(error as Any)")
        let long = #expect(throws: TopicPatternError.self) { try TopicPattern(String(repeating: "a", count: 300)) }
        #expect((long?.description.count ?? 0) < 300)
        let rule = #expect(throws: EgressRuleError.self) { try EgressRule("crm.internal") }
        #expect(rule?.description.hasPrefix(#""crm.internal" is no network (10.0.0.0/8)"#) == true)
    }
}
