internal import WebhookCore

/// The location of a profile's files: in the binary or in a folder.
struct ProfileFolder {
    /// The profile's name.
    let name: String
    /// The text before a file's name in messages, with the slash.
    let prefix: String
    /// The bytes of a file in it.
    let contents: (_ file: String) throws(FileProblem) -> ByteString

    /// The most that a file of a profile may hold.
    static let fileLimit = 8 << 20

    /// A built-in profile.
    init?(builtin name: String) {
        guard BuiltinProfiles.names.contains(name) else { return nil }
        self.name = name
        prefix = "built-in/\(name)/"
        contents = { (file) throws(FileProblem) in
            guard let bytes = BuiltinProfiles.file(profile: name, name: file) else { throw FileProblem.missing }
            return bytes
        }
    }

    /// A folder on disk.
    init(path: String, name: String, context: LoadContext) {
        self.name = name
        let prefix = path + "/"
        self.prefix = prefix
        contents = { (file) throws(FileProblem) in try context.contents(of: prefix + file, limit: Self.fileLimit) }
    }

    /// Tells whether a name can be a profile's: lower-case letters, digits, `_` and `-`, at most 64.
    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// `templates:` → the catalogue: every sub-folder with a profile is one.
struct ProfileFolderLoader {
    let context: LoadContext

    func load(_ path: Located<String>?) -> ProfileCatalog {
        guard let path, let folder = PathReader(context: context).resolve(path, "`templates`") else {
            return ProfileCatalog()
        }
        let root = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let names: [String]
        do {
            names = try context.folders(in: root.isEmpty ? "/" : root)
        } catch {
            context.problems.error(path.place, "`templates`: the folder \(path.value) \(error)")
            return ProfileCatalog()
        }
        var configured: [String: Profile] = [:]
        var broken: [String: String] = [:]
        // The others' mappings start from it.
        let ordered =
            names.filter { $0 == ProfileCatalog.canonicalName } + names.filter { $0 != ProfileCatalog.canonicalName }
        let builtin = ProfileCatalog()
        for name in ordered {
            let problems = Problems(for: context.problems.audience)
            let canonical = CanonicalEvents { [configured, broken] topic in
                let name = ProfileCatalog.canonicalName
                return configured[name]?.topic(topic)
                    ?? (broken[name] == nil ? builtin.profile(named: name)?.topic(topic) : nil)
            }
            let profile = ProfileLoader(problems: problems, canonical: canonical).load(
                ProfileFolder(path: "\(root)/\(name)", name: name, context: context)
            )
            let diagnostics = problems.sorted(mainFile: "")
            for diagnostic in diagnostics { context.problems.add(diagnostic) }
            if let first = diagnostics.first(where: { $0.severity == .error }) { broken[name] = first.description }
            guard let profile else { continue }
            guard ProfileFolder.isName(name) else {
                let message = "a profile's folder must be named with a-z, 0-9, _ and - only"
                context.problems.add(Diagnostic(.error, file: "\(root)/\(name)", message: message))
                continue
            }
            configured[name] = profile
        }
        return ProfileCatalog(configured: configured, broken: broken)
    }
}
