import Testing
import WebhookCore
import WebhookRegistry
import WebhookRendering

/// Any configuration, profile and template either loads into something sound or is refused with places, and no message
/// shows what stands where a secret belongs.
@Suite struct ConfigurationFuzzTests {
    /// Characters that no name has: whatever message holds them quotes a secret.
    private static let canary = "cAn/ArY+"
    private static let secret = "whsec_cAn/ArY+0123456789abcdef01234567"

    private static let environment = [
        "CANARY": secret, "URL": "https://crm.example.com/cAn/ArY+?t=cAn/ArY+",
        "STORE": "sqlite:/var/webhooks.sqlite",
    ]

    /// The kind of input that the first byte of one stands for.
    private enum Kind: UInt8, CaseIterable { case yaml, json, profile, template }

    @Test func anyConfiguration() async throws {
        var corpus = try Corpus.files("config").map { file in
            [(file.name.hasSuffix(".json") ? Kind.json : .yaml).rawValue] + file.bytes
        }
        corpus += try Corpus.files("profiles").map { [Kind.profile.rawValue] + $0.bytes }
        corpus += try Corpus.files("templates").map { [Kind.template.rawValue] + $0.bytes }
        let fuzzer = Fuzzer(
            name: "configuration",
            corpus: corpus,
            dictionary: [
                "- ", ": ", ":", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ",", "\"", "'", "&a ", "*a", "&a [*a,*a]",
                "<<: *a", "!",
                "!!str ", "---\n", "...\n", "| ", ">-\n", "#", "? ", "%YAML 1.1\n", "\t", "~", "null", "yes", "0x1F",
                "1e3", "5s", "-5m",
                "{ env: CANARY }", "{ file: canary.secret }", "{ env: URL }", "env", "file", "name", "url", "topics",
                "\"**\"",
                "profile", "standard", "fermion", "custom", "secrets", "bearer", "basicAuth", "authorization",
                "headers", "filter",
                "delivery", "tls", "egress", "allow", "defaults", "store", "subscriptions", "cAn/ArY+", "\\u000a",
                "\\x00",
                "http://127.0.0.1/", "http://[::1]/", "Host", "data.a", "any", "not", "$data", "$wire.x", "\"...\"",
            ],
            rounds: 800
        )
        await fuzzer.run { input throws(Finding) in try Self.check(input) }
    }

    private static func check(_ input: [UInt8]) throws(Finding) -> String {
        guard let first = input.first else { return "nothing" }
        let kind = Kind.allCases[Int(first) % Kind.allCases.count]
        let content = ByteString(input.dropFirst())
        var files = MemoryFiles()
        files["canary.secret"] = ByteString(secret + "\n")
        var path = "w.yaml"
        switch kind {
        case .yaml: files[path] = content
        case .json:
            path = "w.json"
            files[path] = content
        case .profile:
            files[path] =
                "templates: profiles\nsubscriptions: [{name: a, url: 'https://x.example/', profile: custom, topics: ['**']}]"
            files["profiles/custom/profile.json"] = content
            files["profiles/custom/body.json.mustache"] = "{}"
        case .template:
            files[path] =
                "subscriptions: [{name: a, url: 'https://x.example/', profile: braincert, topics: ['**'], body: b.json.mustache}]"
            files["b.json.mustache"] = content
        }
        let loaded = ConfigurationLoader(environment: environment, files: files).load(path: path)
        for diagnostic in loaded.diagnostics { try check(diagnostic) }
        guard let registry = loaded.registry else {
            try Finding.expect(loaded.hasErrors, "nothing was loaded, and nobody says why")
            return "\(kind): " + (loaded.diagnostics.first?.message.filter { !$0.isNumber }.prefix(48) ?? "")
        }
        var problems = 0
        for profile in registry.profiles.values {
            for diagnostic in TemplateChecker.check(profile: profile) {
                try check(diagnostic)
                problems += 1
            }
        }
        for subscription in registry.subscriptions {
            try check(subscription, registry.settings.egress)
            for diagnostic in TemplateChecker.check(subscription: subscription) { try check(diagnostic) }
        }
        return "\(kind): \(registry.subscriptions.count) subscriptions, \(problems) problems"
    }

    private static func check(_ diagnostic: Diagnostic) throws(Finding) {
        // A path is named: it is no secret, though a mutation may have made one of it.
        let namesPath = diagnostic.message.contains("the file ") || diagnostic.message.contains("the folder ")
        try Finding.expect(
            namesPath || !diagnostic.description.contains(canary),
            "a message shows a secret: \(diagnostic)"
        )
        // On one line, whatever keys and paths it quotes.
        let isClean = diagnostic.description.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
        try Finding.expect(
            isClean,
            "a message holds a control character: \(Fuzzer.spell(Array(diagnostic.description.utf8)))"
        )
    }

    /// What was accepted keeps the rules that docs/configuration.md tells.
    private static func check(_ subscription: Subscription, _ egress: EgressPolicy) throws(Finding) {
        let url = subscription.url
        if let address = IPAddress(literalHost: url.host) {
            try Finding.expect(
                egress.permits(address, port: url.port, host: url.host),
                "a denied address was accepted: \(address)"
            )
        }
        try Finding.expect(
            url.scheme == .https || !subscription.profile.httpsOnly
                || egress.permitsPlainHTTP(host: url.host, port: url.port),
            "plain HTTP was accepted"
        )
        try Finding.expect(
            !subscription.secrets.isEmpty || subscription.profile.signature?.requiresSecret != true,
            "a required secret is missing"
        )
        for header in subscription.headers {
            let value =
                switch header.value {
                case .plain(let text): text
                case .secret(let secret): secret.reveal()
                }
            let isClean = (header.name + value).utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F } && !header.name.isEmpty
            try Finding.expect(isClean, "a header with a control character was accepted")
            let reserved = ["host", "content-length", "transfer-encoding", "connection", "expect", "te", "upgrade"]
            try Finding.expect(!reserved.contains(header.name.lowercased()), "the header \(header.name) was accepted")
        }
        try Finding.expect(!dumped(subscription.secrets).contains(canary), "a secret shows in a dump")
    }

    private static func dumped(_ value: Any) -> String {
        var text = ""
        dump(value, to: &text)
        return text + String(describing: value) + String(reflecting: value)
    }
}

/// Files that are only there for a round.
private struct MemoryFiles: ConfigurationFiles {
    private var files: [String: ByteString] = [:]

    subscript(path: String) -> ByteString? {
        get { files[path] }
        set { files[path] = newValue }
    }

    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        guard let bytes = files[path] else { throw FileProblem.missing }
        guard bytes.count <= limit else { throw FileProblem("is larger than \(limit) bytes") }
        return bytes
    }

    func folders(in path: String) throws(FileProblem) -> [String] {
        let prefix = path + "/"
        let inside = files.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        guard !inside.isEmpty else { throw FileProblem.missing }
        return Set(inside.filter { $0.contains("/") }.map { String($0.prefix { $0 != "/" }) }).sorted()
    }
}
