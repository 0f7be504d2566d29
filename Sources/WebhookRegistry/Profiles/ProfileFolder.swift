internal import WebhookCore

/// Where a profile's files are: in the binary or in a folder.
struct ProfileFolder {
    /// The profile's name.
    let name: String
    /// What stands before a file's name in messages, with the slash.
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

    /// Whether a name can be a profile's: lower-case letters, digits, `_` and `-`, at most 64.
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
