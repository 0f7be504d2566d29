import WebhookCore
import WebhookRegistry
import WebhookSimulation

/// Files that are only there for a test.
struct MemoryFiles: ConfigurationFiles {
    var files: [String: ByteString] = [:]
    var statuses: [String: FileStatus] = [:]
    /// Names of links that lead out of their folder.
    var strays: Set<String> = []

    init(_ texts: [String: String]) {
        files = texts.mapValues { ByteString($0) }
    }

    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        guard let bytes = files[path] else { throw FileProblem.missing }
        guard bytes.count <= limit else { throw FileProblem("is larger than \(limit) bytes") }
        return bytes
    }

    func status(of path: String) -> FileStatus? { statuses[path] }

    func listing(of path: String) throws(FileProblem) -> FolderListing {
        let prefix = path == "." ? "" : path + "/"
        let inside = files.keys.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        let names = inside.filter { !$0.contains("/") && !$0.hasPrefix(".") }.sorted()
        guard !inside.isEmpty else { throw FileProblem.missing }
        return FolderListing(files: names.filter { !strays.contains($0) }, strays: names.filter(strays.contains))
    }

    func folders(in path: String) throws(FileProblem) -> [String] {
        let prefix = path + "/"
        let inside = files.keys.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
        guard !inside.isEmpty else { throw FileProblem.missing }
        return Set(inside.filter { $0.contains("/") }.map { String($0.prefix { $0 != "/" }) }).sorted()
    }
}

/// Secrets that fit the standard profile.
enum Sample {
    static let whsec = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
    static let certificate = SamplePEM.certificate
    static let key = SamplePEM.key

    /// Loads `conf/w.yaml` with the given text.
    static func load(
        _ text: String,
        environment: [String: String] = [:],
        files: [String: String] = [:]
    ) -> LoadedConfiguration {
        var all = files
        all["w.yaml"] = text
        return ConfigurationLoader(environment: environment, files: MemoryFiles(all)).load(path: "w.yaml")
    }

    /// The problems of a configuration, one text each.
    static func problems(
        _ text: String,
        environment: [String: String] = [:],
        files: [String: String] = [:]
    ) -> [String] {
        load(text, environment: environment, files: files).diagnostics.map(\.description)
    }

    /// One subscription under `braincert` with more lines; the first of them is line 6.
    static func subscription(_ lines: String, profile: String = "braincert", topics: String = "[\"**\"]") -> String {
        let head = """
            subscriptions:
              - name: a
                url: https://crm.example.com/hook
                topics: \(topics)
                profile: \(profile)

            """
        return head + lines.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
    }

    /// The only subscription of a configuration that has no problems.
    static func only(_ text: String, environment: [String: String] = [:], files: [String: String] = [:])
        -> Subscription?
    {
        load(text, environment: environment, files: files).registry?.subscriptions.first
    }
}
