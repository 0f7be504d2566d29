package import WebhookCore

/// Profiles without a configuration file that names them.
extension ProfileCatalog {
    /// The result of loading profiles.
    package struct Loaded: Sendable {
        /// The built-in profiles with those that were loaded.
        package var catalog: ProfileCatalog
        /// Their problems.
        package var diagnostics: [Diagnostic]
        /// Every file and folder that was read or looked for.
        package var watched: [WatchedFile]
    }

    /// The built-in profiles alone.
    package static var builtin: Loaded { Loaded(catalog: ProfileCatalog(), diagnostics: [], watched: []) }

    /// The built-in profiles with those of a folder, as a host gives them.
    package static func load(folder: String, _ files: any ConfigurationFiles = DiskFiles()) -> Loaded {
        var options = LoadOptions()
        options.audience = .host
        let context = LoadContext(environment: [:], files: files, options: options)
        let place = SourcePlace(file: "profiles", line: 1, column: 1)
        let catalog = ProfileFolderLoader(context: context).load(Located(value: folder, place: place))
        return Loaded(
            catalog: catalog,
            diagnostics: context.problems.sorted(mainFile: "profiles"),
            watched: context.watched
        )
    }

    /// The built-in profiles with those of texts, by names such as `acme/profile.json`.
    package static func load(texts: [String: String]) -> Loaded {
        load(folder: ProfileTexts.folder, ProfileTexts(texts: texts))
    }
}

/// Texts as the files of profiles.
private struct ProfileTexts: ConfigurationFiles {
    static let folder = "profiles"
    let texts: [String: String]

    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        guard let text = texts[String(path.dropFirst(Self.folder.utf8.count + 1))] else { throw .missing }
        guard text.utf8.count <= limit else { throw FileProblem("is larger than \(limit) bytes") }
        return ByteString(text)
    }

    func folders(in path: String) throws(FileProblem) -> [String] {
        let names = texts.keys.compactMap { name in name.firstIndex(of: "/").map { String(name[..<$0]) } }
        return Set(names).sorted()
    }
}
