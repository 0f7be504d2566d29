internal import WebhookCore

/// What one load works with: its problems, the environment, the files and which of them were named. Confined to it.
final class LoadContext {
    let problems = Problems()
    let environment: [String: String]
    let files: any ConfigurationFiles
    /// The files with a secret, and where each is named.
    private(set) var secretFiles: [(path: String, place: SourcePlace)] = []
    /// Where secrets stand in the configuration itself.
    private(set) var literalSecrets: [SourcePlace] = []
    /// In the order in which they were named.
    private(set) var watched: [WatchedFile] = []
    var watchedPaths: [String] { watched.map(\.path) }
    private var watchedSet: Set<String> = []

    init(environment: [String: String], files: any ConfigurationFiles) {
        self.environment = environment
        self.files = files
    }

    /// Remembers a file or folder whose change calls for a reload.
    func watch(_ path: String) {
        guard watchedSet.insert(path).inserted else { return }
        watched.append(WatchedFile(path: path, signature: files.signature(of: path)))
    }

    /// Remembers a file that holds a secret.
    func noteSecret(_ path: String, _ place: SourcePlace) { secretFiles.append((path, place)) }

    /// Remembers a place that holds a secret itself.
    func noteLiteralSecret(_ place: SourcePlace) { literalSecrets.append(place) }

    /// The bytes of a file that is then watched, whether it is there or not.
    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        watch(path)
        return try files.contents(of: path, limit: limit)
    }

    /// The bytes of the configuration itself, which is watched like the rest.
    func contents(named path: String, limit: Int) throws(FileProblem) -> ByteString {
        watch(path)
        return try files.contents(named: path, limit: limit)
    }

    /// Why a file could not be read, without reading it.
    func problem(with path: String) -> FileProblem? { files.problem(with: path) }

    func folders(in path: String) throws(FileProblem) -> [String] {
        watch(path)
        return try files.folders(in: path)
    }

    /// A path as seen from the file that names it.
    static func resolve(_ path: String, from file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }
}
