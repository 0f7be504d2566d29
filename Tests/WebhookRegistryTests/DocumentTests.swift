import Testing
import WebhookCore
import WebhookRegistry

/// What is wrong with a document as such comes alone, with its place and without a quotation.
@Suite struct DocumentTests {
    @Test(arguments: [
        ("subscriptions:\n\t- name: a\n", "w.yaml:2:1: a tab cannot indent; use spaces"),
        (
            "a: 1\nstore: x\nb: 2\nstore: y\n",
            "w.yaml:2:1: the key `store` stands here and a second time in the same mapping"
        ),
        ("store: 1\n\"store\": 2\n", "w.yaml:1:1: the key `store` stands here and a second time in the same mapping"),
        (
            "hunter2 hunter2: 1\nhunter2 hunter2: 2\n",
            "w.yaml:1:1: the key stands here and a second time in the same mapping"
        ),
        ("a: b: c\n", "w.yaml:1:5: a colon cannot stand here; check the indentation, or quote the text"),
        ("a: [1, 2\nb: 3\n", "w.yaml:2:2: a comma or ] is missing"),
        ("a: \"open\nb: 1\n", "w.yaml:1:4: a quote that opens here is not closed"),
        ("a: *nothing\n", "w.yaml:1:4: this alias has no anchor before it; quote a text that begins with *"),
        ("a: [*.created]\n", "w.yaml:1:6: a text that begins with * must be quoted"),
        ("a: @x\n", "w.yaml:1:4: a text that begins with this character must be quoted"),
        ("a: 1\n---\nb: 2\n", "w.yaml:2:1: a second document begins here; the file must be a single one"),
        ("[a, b]: 1\n", "w.yaml:1:1: a key must be a text"),
        ("a: !secret x\n", "w.yaml:1:4: a tag (!…) has no meaning here; quote a text that begins with !"),
        (
            "a: \"x\u{7}\"\n",
            "w.yaml:1:6: a control character cannot stand in the file; in a quoted text write it as an escape such as \\u0007"
        ),
    ])
    func syntax(_ text: String, _ message: String) {
        #expect(Sample.problems(text) == [message])
    }

    @Test func invalidUTF8() {
        var files = MemoryFiles([:])
        files.files["w.yaml"] = ByteString(Array("a: é\nb: ".utf8) + [0xC3, 0x28])
        let loaded = ConfigurationLoader(environment: [:], files: files).load(path: "w.yaml")
        #expect(loaded.diagnostics.map(\.description) == ["w.yaml:2:4: the file is not well-formed UTF-8 here"])
    }

    @Test func deepNesting() {
        let problems = Sample.problems(
            "a: " + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000)
        )
        #expect(problems.count == 1)
        #expect(problems[0].hasSuffix("nested deeper than 100 levels"))
    }

    @Test func aliasBombAsValue() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        let problems = Sample.problems(text)
        #expect(problems.count == 1)
        #expect(problems[0].hasSuffix("the aliases of this file stand for too many values"))
    }

    @Test func aliasBombAsKey() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "a\(level): &a\(level) [\(aliases)]\n"
        }
        text += "? *a11\n: 1\n? *a11\n: 2\n"
        let problems = Sample.problems(text)
        #expect(problems.count == 1)
        #expect(problems[0].hasSuffix("the aliases of this file stand for too many values"))
    }

    @Test func aliasesAreFine() throws {
        let text = """
            defaults: { delivery: &d { timeout: 3s } }
            subscriptions:
              - { name: no, url: "https://x.example/", topics: ["**"], profile: fellow, delivery: *d, title: 017 }
              - { name: 1.10, url: "https://x.example/", topics: ["**"], profile: fellow, delivery: *d, title: true }
            """
        let registry = try #require(Sample.load("\u{FEFF}" + text).registry)
        #expect(registry.subscriptions.map(\.name) == ["no", "1.10"])
        #expect(registry.subscriptions.map(\.title) == ["017", "true"])
        #expect(registry.subscriptions.allSatisfy { $0.policy.timeout == .seconds(3) })
    }

    @Test func carriageReturnsAreFine() {
        #expect(Sample.problems("store: sqlite:x\r\ndispatcher:\r\n  maxInFlight: 3\r\n") == [])
    }

    @Test func json() throws {
        let text = """
            {
              "store": "sqlite:x",
              "subscriptions": [
                { "name": "a", "url": "https://x.example/", "topics": ["**"], "profile": "fellow", "enabled": "yes",
                  "filter": { "data.courseId": 9007199254740993, "data.memberId": "1" } }
              ]
            }
            """
        let files = MemoryFiles(["w.json": text, "d.json": "{\"a\": 1,\n \"a\": 2}", "s.json": "{\"a\": 1,}"])
        let loader = ConfigurationLoader(environment: [:], files: files)
        func problems(_ path: String) -> [String] { loader.load(path: path).diagnostics.map(\.description) }
        #expect(problems("w.json") == ["w.json:4:99: `enabled` must be true or false"])
        #expect(problems("d.json") == ["d.json:2:2: the key `a` stands here a second time; the first is in line 1"])
        #expect(problems("s.json") == ["s.json:1:9: this is not acceptable JSON: a key in quotes is missing"])
    }
}
