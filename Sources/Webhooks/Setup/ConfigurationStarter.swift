internal import Foundation
package import WebhookCore
internal import WebhookRegistry

/// A first configuration: a commented file with one subscription, its secret, and an example to emit.
package struct ConfigurationStarter: Sendable {
    /// The source of the signing secret.
    package enum SecretSource: Sendable, Hashable {
        /// Made here where the profile needs one, and kept in a file.
        case made
        /// An environment variable.
        case environment(String)
        /// A file that is there, by a path from the working folder.
        case file(String)
        /// Kept in a file.
        case given(Secret)
    }

    /// A file to write.
    package struct File: Sendable, Hashable {
        /// From the folder.
        package var path: String
        package var content: String
        /// True when nobody else may read it.
        package var isSecret: Bool
        /// True when it takes the place of what is there, where that is asked for.
        package var isReplaceable = true
    }

    /// The files, with what somebody should know before they are written.
    package struct Draft: Sendable, Hashable {
        package var files: [File]
        /// The receiver that the egress policy would refuse, and lets through by a line of its own; `nil`: none.
        package var opening: Opening?
        /// The warnings of a load.
        package var warnings: [String] = []
    }

    /// A receiver that stands in `egress.allow`.
    package struct Opening: Sendable, Hashable {
        /// The entry, as `host:port`.
        package var endpoint: String
        /// The effect, for people.
        package var effect: String
    }

    package var profile = "standard"
    package var url = Self.localURL
    /// The subscription's name; `nil`: the profile's.
    package var name: String?
    package var secret = SecretSource.made
    package var topics: [String] = []

    package init() {}

    /// The address on which `webhooks listen` waits.
    package static let localURL = "http://127.0.0.1:8787/"
    /// The configuration's own name in its folder.
    package static let fileName = "webhooks.yaml"

    /// Makes the files, and loads them from memory as a dispatcher would: what is returned is valid.
    ///
    /// - Parameter folder: where they are to be written.
    /// - Throws: ``WebhooksError`` with `unknown` or `configuration`.
    package func draft(in folder: String) throws(WebhooksError) -> Draft {
        let catalog = TopicCatalog()
        let profile = try catalog.profile(profile)
        // What is private, or in the clear, is let through only where the file would not be valid otherwise.
        var errors: [Diagnostic] = []
        for opening in [nil, Self.opening(for: url)] as [Opening?] {
            let files = self.files(profile, catalog, allowed: opening?.endpoint)
            let found = diagnostics(files, in: folder)
            errors = found.filter { $0.severity == .error }
            guard errors.isEmpty else { continue }
            return Draft(files: files, opening: opening, warnings: found.map(\.message))
        }
        // The file is not there: its lines tell nobody anything.
        throw WebhooksError(.configuration, errors.map(\.message).joined(separator: "\n"))
    }

    /// True when the secret is to replace one that is there.
    var replacesSecret: Bool {
        if case .given = secret { true } else { false }
    }

    private func diagnostics(_ files: [File], in folder: String) -> [Diagnostic] {
        var environment = ProcessEnvironment.current
        // It may be set later.
        if case .environment(let name) = secret, environment[name] == nil {
            environment[name] = Self.made(for: (try? TopicCatalog().profile(profile))?.signature).reveal()
        }
        let written = StarterFiles(files.map { ("\(folder)/\($0.path)", ByteString($0.content)) })
        let path = "\(folder)/\(Self.fileName)"
        return ConfigurationLoader(environment: environment, files: written).load(path: path).diagnostics
    }

    private func files(_ profile: Profile, _ catalog: TopicCatalog, allowed: String?) -> [File] {
        let name = name ?? profile.name
        let topic = exampleTopic(profile)
        let example = try? catalog.exampleData(of: topic)
        var files = [
            File(path: Self.fileName, content: text(profile, name, topic, allowed: allowed), isSecret: false),
            File(path: "example.json", content: (example?.text ?? "{}") + "\n", isSecret: false),
        ]
        if let secret = keptSecret(profile) {
            files.append(File(path: Self.secretPath(name), content: secret.reveal() + "\n", isSecret: true))
            files[files.count - 1].isReplaceable = replacesSecret
        }
        return files
    }

    /// The topic of the example: one that the subscription gets, and that applications emit.
    package func exampleTopic(_ profile: Profile) -> String {
        let names = profile.topics.map(\.topic).filter { $0 != ProfileTopic.anyName }
        let patterns = topics.compactMap { try? TopicPattern($0) }
        let wanted = names.filter { name in patterns.isEmpty || patterns.contains { $0.matches(name) } }
        let literal = topics.first { !$0.contains("*") }
        return (wanted.contains("course.created") ? "course.created" : wanted.first) ?? literal ?? "course.created"
    }

    private func keptSecret(_ profile: Profile) -> Secret? {
        switch secret {
        case .given(let secret): secret
        case .made: profile.signature?.requiresSecret == true ? Self.made(for: profile.signature) : nil
        case .environment, .file: nil
        }
    }

    static func made(for scheme: SignatureScheme?) -> Secret {
        guard let scheme, scheme.kind != .standardWebhooks else { return Signatures.generate(ed25519: false).secret }
        // Hexadecimal: fits a text, and both encodings.
        var generator = SystemRandomNumberGenerator()
        let digits = (0..<4).map { _ in String(generator.next() as UInt64 | 1 << 63, radix: 16) }
        return Secret(digits.joined())
    }

    private static func secretPath(_ name: String) -> String { "secrets/\(name).secret" }

    /// The receiver as an entry of `egress.allow`.
    private static func opening(for url: String) -> Opening? {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else { return nil }
        let port = parts.port ?? (parts.scheme == "http" ? 80 : 443)
        let endpoint = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]:\(port)" : "\(host):\(port)"
        let effect =
            if let reason = IPAddress(literalHost: host).flatMap(EgressPolicy.standardRefusal) {
                "\(reason), and every subscription of this file may send there, unencrypted too"
            } else {
                "requests go there unencrypted, whatever address that name has, a private one included"
            }
        return Opening(endpoint: endpoint, effect: effect)
    }
}

// MARK: The text

extension ConfigurationStarter {
    private func text(_ profile: Profile, _ name: String, _ topic: String, allowed: String?) -> String {
        let patterns = (topics.isEmpty ? ["**"] : topics).map(JSON.string).joined(separator: ", ")
        let allow =
            allowed.map { "  allow: [\(JSON.string($0))]" } ?? "  # allow: [\"10.0.0.0/8\", \"crm.internal:8080\"]"
        return """
            # Who gets which events, and how. Relative paths start from this file's folder.
            #
            #   webhooks validate                 checks this file
            #   webhooks emit TOPIC --example     sends an event to everybody who wants it, such as \(topic)
            #   webhooks run                      delivers, retries, and reloads this file when it changes

            \(entry("store: sqlite:var/webhooks.sqlite", "every event, delivery and attempt; made on the first emit"))

            egress:
              # Private addresses, and plain HTTP where a platform requires HTTPS, are out of reach unless listed here:
              # CIDR, CIDR:port or host:port.
            \(allow)

            dispatcher:
            \(entry("  retention: 30d", "settled deliveries are kept this long"))
            \(entry("  shutdownGrace: 20s", "time that open requests get after SIGTERM"))

            subscriptions:
              - name: \(JSON.string(name))
                url: \(JSON.string(url))
            \(entry("    profile: \(profile.name)", "the dialect; see `webhooks topics list`"))
            \(entry("    topics: [\(patterns)]", "'*' is one segment, '**' one or more"))
            \(secretLine(profile, name))
            \(entry("    # tenant: school-42", "only this tenant's events"))
            \(entry("    # filter: { data.course.id: \"101\" }", "only events with this content"))
                # headers: { X-Environment: production }
                delivery:
            \(entry("      timeout: 15s", "the whole attempt"))
            \(entry("      maxInFlight: 8", "requests to this receiver at once"))
            \(entry("      # rateLimit: 100/s", "evenly paced"))
            \(entry("      # ordered: true", "one after the other, in the order of the events"))
            \(entry("      disableAfter: 5d", "of nothing but failures"))

            """
    }

    /// A line with its comment, in one column where there is room.
    private func entry(_ text: String, _ comment: String) -> String {
        text + String(repeating: " ", count: max(2, 42 - text.count)) + "# " + comment
    }

    private func secretLine(_ profile: Profile, _ name: String) -> String {
        let source: String
        switch secret {
        case .environment(let variable): source = "{ env: \(JSON.string(variable)) }"
        case .file(let path): source = "{ file: \(JSON.string(Self.absolute(path))) }"
        case .given, .made:
            guard keptSecret(profile) != nil else {
                return "    # secrets: [{ file: secrets/\(name).secret }]"
            }
            source = "{ file: \(JSON.string(Self.secretPath(name))) }"
        }
        return entry("    secrets: [\(source)]", "the first signs; the others still sign during a rotation")
    }

    /// The path from wherever the configuration is.
    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}

/// Files that are not written yet, over those of the disk.
private struct StarterFiles: ConfigurationFiles {
    private let files: [String: ByteString]
    private let disk = DiskFiles()

    init(_ files: [(String, ByteString)]) {
        self.files = Dictionary(files, uniquingKeysWith: { first, _ in first })
    }

    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        if let content = files[path] { return content }
        return try disk.contents(of: path, limit: limit)
    }

    func folders(in path: String) throws(FileProblem) -> [String] { try disk.folders(in: path) }
}
