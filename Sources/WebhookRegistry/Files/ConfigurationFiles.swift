package import WebhookCore

/// The files that a configuration names: the disk, or a test's own.
package protocol ConfigurationFiles: Sendable {
    /// The bytes of a regular file: from a pipe, a socket or a device nobody knows when they come, or whether they end.
    ///
    /// - Parameter limit: more bytes than this are refused.
    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString

    /// The bytes of a file that a person named, which may be a pipe: `--config <(…)`.
    func contents(named path: String, limit: Int) throws(FileProblem) -> ByteString

    /// The names of the folders in a folder, sorted; hidden ones are left out.
    func folders(in path: String) throws(FileProblem) -> [String]

    /// The files in a folder, hidden ones left out.
    func listing(of path: String) throws(FileProblem) -> FolderListing

    /// The facts known of a file or folder without reading it; `nil` where there is none, or nothing is known.
    func status(of path: String) -> FileStatus?

    /// The state of a file or folder; `nil` where there is none, or where files can't change.
    func signature(of path: String) -> FileSignature?

    /// The reason why a file could not be read; `nil` where it could. Looks at no content.
    func problem(with path: String) -> FileProblem?
}

extension ConfigurationFiles {
    /// Nothing is known.
    package func status(of path: String) -> FileStatus? { nil }

    package func contents(named path: String, limit: Int) throws(FileProblem) -> ByteString {
        try contents(of: path, limit: limit)
    }

    package func signature(of path: String) -> FileSignature? { nil }

    /// There are no folders.
    package func listing(of path: String) throws(FileProblem) -> FolderListing { throw .missing }

    package func problem(with path: String) -> FileProblem? {
        do throws(FileProblem) {
            _ = try contents(of: path, limit: .max)
            return nil
        } catch {
            return error
        }
    }
}

/// The files of a folder by name, sorted.
package struct FolderListing: Sendable, Hashable {
    package var files: [String] = []
    /// Links to files that are not in the folder.
    package var strays: [String] = []

    package init(files: [String] = [], strays: [String] = []) {
        self.files = files
        self.strays = strays
    }
}

/// The reason why a file can't be read, to go on "the file … ".
package struct FileProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// For example "does not exist".
    package var description: String

    package init(_ description: String) {
        self.description = description
    }

    /// There is nothing of that name.
    package static let missing = FileProblem("does not exist")

    /// It is a pipe, a socket or a device.
    static let notRegular = FileProblem("is no regular file")
}

/// The gaps that a load puts up with.
package struct LoadOptions: Sendable, Hashable {
    /// True when what comes from the environment or a file must be there. Otherwise what is missing is not judged: for
    /// a check where the secrets are not.
    package var needsSources = true
    /// Tells whether the tokens of `server` must be there. Nothing but the HTTP API asks for them.
    package var needsTokens = true
    /// True when `server` must have all that the HTTP API can't do without.
    package var needsServer = false
    /// Tells whether a `server` that lacks some of that is worth a warning.
    package var judgesServer = false
    /// True when a subscription with errors in what only sending needs is held: it gets its deliveries, and none is
    /// sent. Otherwise it is an error of the configuration.
    package var holdsBroken = false
    /// Keys that seal secrets in the store, in front of those of `server`.
    package var encryptionKeys: [Secret] = []
    /// Who reads the problems.
    package var audience = Audience.commandLine

    package init() {}

    /// The keys, and behind them others that are not among them.
    package func encryptionKeys(before others: [Secret]) -> [Secret] {
        encryptionKeys + others.filter { !encryptionKeys.contains($0) }
    }
}

/// The context of one load: its problems, the environment, the files and which of them were named. Confined to it.
final class LoadContext {
    let problems: Problems
    let environment: [String: String]
    let files: any ConfigurationFiles
    let options: LoadOptions
    /// The bounds of subscriptions.
    let limits: SubscriptionLimits
    /// The files with a secret, and where each is named.
    private(set) var secretFiles: [(path: String, place: SourcePlace)] = []
    /// True where a file that the configuration includes can't be read.
    var lacksIncludes = false
    /// The places of secrets in the configuration itself.
    private(set) var literalSecrets: [SourcePlace] = []
    /// In the order in which they were named.
    private(set) var watched: [WatchedFile] = []
    var watchedPaths: [String] { watched.map(\.path) }
    private var watchedSet: Set<String> = []

    init(
        environment: [String: String],
        files: any ConfigurationFiles,
        options: LoadOptions = LoadOptions(),
        limits: SubscriptionLimits = .trusted
    ) {
        problems = Problems(for: options.audience)
        self.environment = environment
        self.files = files
        self.options = options
        self.limits = limits
    }

    /// Remembers a file or folder whose change calls for a reload.
    func watch(_ path: String) {
        guard watchedSet.insert(path).inserted else { return }
        watched.append(WatchedFile(path: path, signature: files.signature(of: path)))
    }

    /// Remembers a file that holds a secret.
    func noteSecret(_ path: String, _ place: SourcePlace) { secretFiles.append((path, place)) }

    /// True when something was not there that the options do without.
    private(set) var lacksSources = false

    /// Remembers that something is not there that the options do without.
    func noteMissing() { lacksSources = true }

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

    /// The reason why a file could not be read, without reading it.
    func problem(with path: String) -> FileProblem? { files.problem(with: path) }

    func folders(in path: String) throws(FileProblem) -> [String] {
        watch(path)
        return try files.folders(in: path)
    }

    /// The files of a folder, which is watched: one more or less is a change of it.
    func listing(of path: String) throws(FileProblem) -> FolderListing {
        watch(path)
        return try files.listing(of: path)
    }

    /// A path as seen from the file that names it.
    static func resolve(_ path: String, from file: String) -> String {
        guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }
}
