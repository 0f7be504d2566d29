import Testing
import WebhookCore

@testable import WebhookRegistry

@Suite struct IncludeTests {
    private static func entry(_ name: String, _ more: String = "") -> String {
        "subscriptions:\n  - name: \(name)\n    url: https://x.example/\(name)\n    topics: [\"**\"]\n\(more)"
    }

    private func load(
        _ main: String,
        _ files: [String: String],
        environment: [String: String] = [:]
    ) -> LoadedConfiguration {
        Sample.load("profile: braincert\n" + main, environment: environment, files: files)
    }

    @Test func `included subscriptions come behind the file's own, by name`() throws {
        let files = [
            "customers/b.yaml": Self.entry("b"), "customers/a.yaml": Self.entry("a"),
            "customers/c.json": #"{"subscriptions":[{"name":"c","url":"https://x.example/","topics":["**"]}]}"#,
            "customers/.hidden.yaml": Self.entry("hidden"), "customers/a.yaml~": Self.entry("backup"),
            "one.yaml": Self.entry("one"),
        ]
        let loaded = load("include: [customers/*.yaml, customers/?.json, one.yaml]\n" + Self.entry("own"), files)
        #expect(loaded.diagnostics.map(\.description) == [])
        #expect(loaded.registry?.subscriptions.map(\.name) == ["own", "a", "b", "c", "one"])
        // One more or less is a change, too.
        #expect(Set(loaded.watchedFiles).isSuperset(of: ["w.yaml", "customers", "customers/a.yaml", "one.yaml"]))
        #expect(load("include: one.yaml\n", files).registry?.subscriptions.map(\.name) == ["one"])
        #expect(load("include:\n" + Self.entry("own"), files).registry?.subscriptions.map(\.name) == ["own"])
    }

    @Test func `problems name the file that is included, and paths start from there`() throws {
        let files = [
            "customers/a.yaml": Self.entry("a", "    bearer: { file: a.secret }\n    tpyo: 1\n"),
            "customers/a.secret": "0123456789abcdef",
        ]
        let loaded = load("include: customers/*.yaml\n", files)
        #expect(loaded.diagnostics.count == 1)
        #expect(
            loaded.diagnostics[0].description.hasPrefix("customers/a.yaml:6:5: unknown key `tpyo` in a subscription")
        )
        #expect(loaded.watchedFiles.contains("customers/a.secret"))
        let broken = load("include: customers/*.yaml\n", ["customers/a.yaml": "- ["])
        #expect(broken.diagnostics.map(\.file) == ["customers/a.yaml"])
    }

    @Test func `a name that two files have is told with both places`() throws {
        let files = ["customers/a.yaml": Self.entry("crm"), "customers/b.yaml": Self.entry("crm")]
        let problems = load("include: customers/*.yaml\n" + Self.entry("crm"), files).diagnostics.map(\.description)
        #expect(
            problems == [
                "customers/a.yaml:2:11: the name crm is taken by the subscription at w.yaml:4:11",
                "customers/b.yaml:2:11: the name crm is taken by the subscription at w.yaml:4:11",
            ]
        )
    }

    @Test(arguments: [
        ("include: none.yaml", "w.yaml:2:10: `include`: the file none.yaml does not exist"),
        ("include: none/*.yaml", "w.yaml:2:10: `include`: the folder of none/*.yaml does not exist"),
        ("include: c*/a.yaml", "w.yaml:2:10: `*` and `?` stand for parts of a file's name, not of a folder's"),
        ("include: c/*.yml", "w.yaml:2:10: warning: `include`: no file matches c/*.yml"),
        ("include: w.yaml", "w.yaml:2:10: `include` names the configuration itself"),
        ("include: '*.yaml'", "w.yaml:2:10: `include` names the configuration itself"),
        ("include: { a: b }", "w.yaml:2:10: `include` must be a path or a list of paths, such as customers/*.yaml"),
        (
            "include: c/all.yaml",
            "c/all.yaml:1:1: `store` belongs to the configuration itself: a file that is included has `subscriptions` alone"
        ),
        (
            "include: c/cycle.yaml",
            "c/cycle.yaml:1:1: `include` belongs to the configuration itself: an included file can't include others"
        ),
        (
            "include: c/link*",
            "w.yaml:2:10: `include`: the link link leads out of its folder; name the file that it leads to"
        ),
    ])
    func `what surprises is refused`(_ line: String, _ problem: String) {
        var files = MemoryFiles([
            "w.yaml": "profile: braincert\n\(line)\n", "c/all.yaml": "store: sqlite:x\n" + Self.entry("x"),
            "c/cycle.yaml": "include: ../w.yaml\n", "c/link": "",
        ])
        files.strays = ["link"]
        let loaded = ConfigurationLoader(environment: [:], files: files).load(path: "w.yaml")
        #expect(loaded.diagnostics.map(\.description).contains(problem), "\(loaded.diagnostics)")
    }

    @Test func `the number of files is bounded`() {
        let files = Dictionary(
            uniqueKeysWithValues: (0...IncludeReader.mostFiles).map { ("c/\($0).yaml", Self.entry("s\($0)")) }
        )
        let problems = load("include: c/*.yaml\n", files).diagnostics.map(\.description)
        #expect(problems == ["w.yaml:2:10: `include` names more than 1000 files"])
    }

    @Test(arguments: [
        ("*", "a", true), ("*", ".a", false), ("*.yaml", "a.yaml", true), ("*.yaml", "a.yaml~", false),
        ("a?c", "abc", true), ("a?c", "ac", false), ("*a*b*", "xxaxxbxx", true), ("*a*b", "ba", false), ("", "", true),
        ("[ab]", "a", false),
    ])
    func `patterns match names`(_ pattern: String, _ name: String, _ matches: Bool) {
        #expect(FileNamePattern(pattern).matches(name) == matches)
    }

    @Test func `a pattern's time is bounded`() {
        let pattern = String(repeating: "*a", count: 100) + "b"
        #expect(!FileNamePattern(pattern).matches(String(repeating: "a", count: 255)))
    }

    @Test func `without its variable a path is not looked for`() {
        let loaded = load("include: '${NIX}*.yaml'\n", ["a.yaml": Self.entry("a")])
        #expect(loaded.diagnostics.map(\.description) == ["w.yaml:2:10: the environment variable NIX is not set"])
        #expect(loaded.watchedFiles.filter { $0 != "w.yaml" }.isEmpty)
    }

    @Test func `the outline has them, too`() {
        let files = MemoryFiles([
            "w.yaml": "include: c/*\nsubscriptions: []\n", "c/a.yaml": Self.entry("a"),
        ])
        let outline = ConfigurationLoader(environment: [:], files: files).outline(path: "w.yaml", readsStore: false)
        #expect(outline.entries?.map(\.name) == ["a"])
    }
}

@Suite struct TenantsTests {
    private func subscription(_ lines: String) -> Subscription? {
        Sample.load(Sample.subscription(lines)).registry?.subscriptions.first
    }

    @Test func `several tenants are any of them, found by each`() throws {
        let several = try #require(subscription("tenants: [a, b]"))
        #expect(several.allTenants == ["a", "b"] && several.tenant == nil)
        #expect(subscription("tenants: [a]")?.tenant == "a")
        let registry = Registry(subscriptions: [several], profiles: [:], settings: DispatcherSettings())
        for (tenant, count) in [("a", 1), ("b", 1), ("c", 0), (nil, 0)] as [(String?, Int)] {
            let event = try Event(topic: "course.created", data: "{}", tenant: tenant)
            #expect(registry.subscriptions(for: event).count == count, "\(tenant ?? "none")")
        }
        let event = try Event(topic: "course.created", data: "{}", tenant: "c")
        #expect(registry.explainMatches(of: event)[0].mismatches == [.tenant(wanted: "a, b")])
    }

    @Test(arguments: [
        ("tenants: []", "w.yaml:6:5: `tenants` needs at least one; without the key it is every tenant"),
        ("tenant: a\ntenants: [b]", "w.yaml:7:5: `tenant` and `tenants` exclude each other"),
        ("tenants: [\"a\\nb\"]", "w.yaml:6:15: a tenant must be 1 to 256 bytes without control characters"),
        ("tenants: [a, a]", "w.yaml:6:18: warning: this tenant stands here already"),
    ])
    func `tenants have rules`(_ lines: String, _ problem: String) {
        #expect(Sample.problems(Sample.subscription(lines)) == [problem])
    }

    @Test func `an entry's tenants stand for the defaults', by either key`() {
        func tenants(_ defaults: String, _ own: String) -> [String]? {
            Sample.load("defaults: { \(defaults) }\n" + Sample.subscription(own)).registry?.subscriptions[0].allTenants
        }
        #expect(tenants("tenant: a", "tenants: [b, c]") == ["b", "c"])
        #expect(tenants("tenants: [a, b]", "tenant: c") == ["c"])
        #expect(tenants("tenants: [a, b]", "title: x") == ["a", "b"])
    }
}
