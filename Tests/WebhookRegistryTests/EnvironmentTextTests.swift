import Testing
import WebhookCore

@testable import WebhookRegistry

@Suite struct EnvironmentTextTests {
    private let environment = [
        "HOST": "crm.example.com", "PATHS": "a?token=canary", "DIR": "keys", "ODD": "${HOST}", "EMPTY": "",
    ]

    private func load(_ text: String, files: [String: String] = [:]) -> LoadedConfiguration {
        Sample.load(text, environment: environment, files: files)
    }

    private func subscription(_ lines: String, url: String = "https://x.example/") -> String {
        "profile: braincert\nsubscriptions:\n  - name: a\n    topics: [\"**\"]\n    url: \(url)\n    \(lines)\n"
    }

    @Test func `texts take values once, and a dollar escapes`() throws {
        let loaded = load(subscription("title: 'on ${HOST} $${HOST} ${ODD}${EMPTY} $5'"))
        #expect(
            loaded.registry?.subscriptions[0].title == "on crm.example.com ${HOST} ${HOST} $5",
            "\(loaded.diagnostics)"
        )
        let several = load(subscription("tenants: [\"${HOST}\", b]\n    vars: { host: \"${HOST}\", n: 5 }"))
        #expect(several.registry?.subscriptions[0].allTenants == ["crm.example.com", "b"])
        #expect(several.registry?.subscriptions[0].variables.first?.value == .text("crm.example.com"))
    }

    @Test(arguments: [
        ("https://${HOST}/hooks", "https://crm.example.com/hooks", "/hooks"),
        ("https://x.example/${PATHS}", "https://x.example:443/***", "/a?token=canary"),
        ("https://x.example/$${a}/b", "refused", ""),
    ])
    func `a URL is shown as far as it is no credential`(_ url: String, _ shown: String, _ target: String) throws {
        let loaded = load(subscription("title: x", url: url))
        guard shown != "refused" else { return #expect(loaded.hasErrors && !"\(loaded.diagnostics)".contains("${a")) }
        let endpoint = try #require(loaded.registry?.subscriptions[0].url)
        #expect(endpoint.display == shown && endpoint.target == target)
    }

    @Test func `a header from the environment is not shown`() throws {
        let headers = try #require(
            load(subscription("headers: { X-A: \"t-${DIR}\", X-B: \"plain $${x}\" }")).registry?.subscriptions[0]
                .headers
        )
        #expect(headers[0].value == .secret(Secret("t-keys")) && headers[1].value == .plain("plain ${x}"))
    }

    @Test func `paths take it, those of secrets too`() throws {
        let loaded = load(
            subscription("bearer: { file: \"${DIR}/crm.secret\" }"),
            files: ["keys/crm.secret": "0123456789abcdef"]
        )
        #expect(loaded.registry?.subscriptions[0].authentication == .bearer(Secret("0123456789abcdef")))
    }

    @Test(arguments: [
        ("title: 'a ${NONE}'", "w.yaml:6:12: the environment variable NONE is not set"),
        (
            "title: 'a ${'",
            "w.yaml:6:12: `${` begins the name of an environment variable, as in ${NAME}; `$${` stands for it"
        ),
        (
            "title: '${a b}'",
            "w.yaml:6:12: `${` begins the name of an environment variable, as in ${NAME}; `$${` stands for it"
        ),
        (
            "bearer: 'canary-${HOST}'",
            "w.yaml:6:13: a secret takes no ${NAME}: write { env: NAME }, which nothing shows"
        ),
        (
            "basicAuth: { username: u, password: 'canary-${HOST}' }",
            "w.yaml:6:41: a secret takes no ${NAME}: write { env: NAME }, which nothing shows"
        ),
    ])
    func `what can't be filled in is an error with its place`(_ line: String, _ problem: String) {
        let problems = load(subscription(line)).diagnostics.map(\.description)
        #expect(problems.contains(problem), "\(problems)")
        #expect(!problems.joined().contains("canary"))
    }

    @Test func `payloads and filters are left alone`() {
        let loaded = load(subscription("payload: { \"**\": { a: \"x ${NONE}\" } }\n    schema: off"))
        #expect(!loaded.diagnostics.contains { $0.message.contains("NONE is not set") }, "\(loaded.diagnostics)")
    }
}

/// Loads that put up with something.
@Suite struct LenientLoadTests {
    private func load(_ text: String, _ change: (inout LoadOptions) -> Void) -> LoadedConfiguration {
        var options = LoadOptions()
        change(&options)
        let files = MemoryFiles(["w.yaml": text])
        return ConfigurationLoader(environment: [:], files: files, options: options).load(path: "w.yaml")
    }

    private func text(_ broken: String) -> String {
        """
        profile: standard
        subscriptions:
          - { name: good, url: "https://x.example/", topics: ["**"], secrets: ["\(Sample.whsec)"] }
          - name: bad
            topics: ["**"]
            \(broken)

        """
    }

    @Test(arguments: [
        "url: https://x.example/\n    secrets: [{ env: NONE }]", "url: { env: NONE }\n    secrets: [{ file: none }]",
        "url: https://x.example/\n    secrets: [{ file: none }]\n    bearer: { env: NONE }",
        "url: https://x.example/\n    secrets: [\"\(Sample.whsec)\"]\n    headers: { X-A: { env: NONE } }",
    ])
    func `a check without secrets doesn't miss them`(_ lines: String) {
        let strict = load(text(lines)) { _ in }
        #expect(strict.hasErrors)
        let lenient = load(text(lines)) { $0.needsSources = false }
        #expect(lenient.diagnostics.filter { $0.severity == .error } == [])
        #expect(lenient.registry?.subscriptions.map(\.name) == ["good", "bad"])
        let held = load(text(lines)) { $0.holdsBroken = true }
        #expect(!held.hasErrors)
        let bad = held.registry?.subscription(named: "bad")
        #expect(bad?.obstacles.isEmpty == false && bad?.isServed == false && bad?.isEnabled == true)
        #expect(bad?.obstacles.allSatisfy { $0.line ?? 0 >= 6 } == true)
        #expect(held.registry?.subscription(named: "good")?.isServed == true)
    }

    @Test func `what is there is judged without secrets, too`() {
        let lines = "url: https://x.example/\n    secrets: [\"too short\"]"
        #expect(load(text(lines)) { $0.needsSources = false }.hasErrors)
        #expect(!load(text(lines)) { $0.holdsBroken = true }.hasErrors)
    }

    @Test(arguments: [
        "url: https://x.example/\n    secrets: [{ env: NONE }]", "url: { env: NONE }\n    secrets: [{ file: none }]",
        "url: https://x.example/\n    bearer: { env: NONE }",
    ])
    func `what is not enabled needs no secret`(_ lines: String) {
        let loaded = load(text("\(lines)\n    enabled: false")) { _ in }
        #expect(!loaded.hasErrors, "\(loaded.diagnostics)")
        let bad = loaded.registry?.subscription(named: "bad")
        #expect(bad?.isEnabled == false && bad?.obstacles.isEmpty == false)
        #expect(load(text("\(lines)\n    enabled: true")) { _ in }.hasErrors)
    }

    @Test(arguments: [
        "url: https://x.example/\n    secrets: [{ env: NONE }]\n    filter: { nothing: 1 }",
        "url: https://x.example/\n    secrets: [{ env: NONE }]\n    tpyo: 1",
        "url: https://x.example/\n    secrets: [{ env: NONE }]\n    body: none.json.mustache",
        "secrets: [\"\(Sample.whsec)\"]",
    ])
    func `what decides who gets which event is never put up with`(_ lines: String) {
        let loaded = load(text(lines)) { $0.holdsBroken = true }
        #expect(loaded.hasErrors && loaded.registry == nil)
        // All of its problems are told.
        #expect(!lines.contains("NONE") || loaded.diagnostics.contains { $0.message.contains("NONE is not set") })
    }
}
