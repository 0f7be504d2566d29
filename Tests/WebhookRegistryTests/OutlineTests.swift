import Testing
import WebhookCore

@testable import WebhookRegistry

/// What is read of a configuration whose store alone matters.
@Suite struct OutlineTests {
    private func outline(
        _ text: String,
        file: String = "conf/w.yaml",
        environment: [String: String] = [:],
        files: [String: String] = [:]
    ) -> ConfigurationOutline {
        var all = files
        all[file] = text
        return ConfigurationLoader(environment: environment, files: MemoryFiles(all)).outline(
            path: file,
            readsStore: true
        )
    }

    @Test func `store, retention and names`() {
        let outline = outline(
            """
            store: sqlite:../var/w.sqlite
            dispatcher: { retention: 5d }
            subscriptions:
              - { name: a, url: "https://x.example", topics: [a.b, c.*] }
              - { name: b, enabled: false }

            """
        )
        #expect(outline.store == .sqlite(path: "conf/../var/w.sqlite"))
        #expect(outline.retention == .seconds(5 * 86_400))
        #expect(
            outline.entries == [
                .init(name: "a", isEnabled: true, topics: ["a.b", "c.*"]),
                .init(name: "b", isEnabled: false, topics: []),
            ]
        )
        #expect(outline.problems == [] && outline.storeProblems == [])
    }

    @Test(arguments: [
        ("store: sqlite:w.sqlite\nsubscriptions: [\n", 0), ("a: *b\nstore: sqlite:w.sqlite\n", 0),
        ("x: 'open\n\nstore:\n  file: s.txt\n\nsubscriptions: 5\n", 0),
        ("store: sqlite:w.sqlite\nstore: sqlite:x\n", 1),
        ("- store: sqlite:w.sqlite\n- [\n", 1), ("  store: sqlite:w.sqlite\n- [\n", 1),
    ])
    func `the store of a file that is no document`(text: String, missing: Int) {
        let outline = outline(text, files: ["conf/s.txt": "sqlite:w.sqlite\n"])
        #expect(outline.store == (missing == 0 ? .sqlite(path: "conf/w.sqlite") : nil))
        #expect(outline.entries == nil && outline.retention == nil)
        #expect(!outline.problems.isEmpty)
    }

    @Test(arguments: [
        (#"{"store":"sqlite:w.sqlite","x":}"#, true),
        (#"{"a":{"store":"sqlite:no"},"store" : "sqlite:w.sqlite" "#, true),
        (#"{"store":{"env":"S"},"#, true), (#"{"x":["store","sqlite:w.sqlite"],"#, false), (#"{"store""#, false),
        (#"{"store":"#, false), (#"{"store":{"url":"sqlite:w.sqlite"},"#, true),
        (#"{"s\"tore":1,"store":"sqlite:w.sqlite","#, true),
    ])
    func `the store of JSON that is no document`(text: String, isFound: Bool) {
        let outline = outline(text, file: "w.json", environment: ["S": "sqlite:w.sqlite"])
        #expect(outline.store == (isFound ? .sqlite(path: "w.sqlite") : nil))
        #expect(!outline.problems.isEmpty)
    }

    @Test func `sources that lead nowhere are told from keys of the same name`() {
        let outline = outline(
            """
            store: sqlite:w.sqlite
            defaults: { bearer: { env: NOT_SET } }
            subscriptions:
              - name: a
                secrets: [{ file: missing.secret }, { file: there.secret }, { env: SET }]
                headers: { env: production, X: { env: NOT_SET_EITHER } }
                filter: { env: x }

            """,
            environment: ["SET": ""],
            files: ["conf/there.secret": ""]
        )
        #expect(
            outline.problems.map(\.located) == [
                "conf/w.yaml:2:28: the environment variable NOT_SET is not set",
                "conf/w.yaml:5:23: the file missing.secret does not exist",
                "conf/w.yaml:6:43: the environment variable NOT_SET_EITHER is not set",
            ]
        )
        #expect(outline.store != nil)
    }

    @Test func `a retention that can't be read is not taken for the default`() {
        #expect(outline("store: sqlite:w\ndispatcher: { retention: soon }\n").retention == nil)
        #expect(outline("store: sqlite:w\n").retention == DispatcherSettings().retention)
    }

    @Test func `a store that can't be read is no problem of the rest`() {
        let outline = outline("store: mysql:x\n")
        #expect(outline.store == nil && outline.problems.isEmpty)
        #expect(outline.storeProblems.map(\.line) == [1])
    }

    @Test(arguments: [
        "store: postgres://u:hunter2/x@h/lms", "store: postgres://u:x@hunter2@h/lms",
        "store: { url: 'postgres://u:hunter2/x@h/lms', schema: hooks }",
        // Not readable as a whole: the store is looked for alone.
        "store: postgres://u:x@hunter2@h/lms\nsubscriptions: [",
    ])
    func `a store that validate refuses is not opened`(text: String) {
        let outline = outline(text + "\n")
        #expect(outline.store == nil)
        #expect(outline.storeProblems.map(\.severity) == [.error])
        #expect(!"\(outline.storeProblems)".contains("hunter2"))
    }
}
