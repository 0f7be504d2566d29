package import WebhookCore

/// Checks that a dispatcher could open, or make, the store that is configured.
package enum StoreRules {
    /// The reason why a store can't be used, to go on "`store` …".
    package struct Problem: Sendable, Hashable {
        /// A path that can't be a store is an error of the file. Rights are a warning: they belong to the machine and the
        /// user, and may be others where the dispatcher runs.
        package var severity: Diagnostic.Severity
        package var message: String

        static func error(_ message: String) -> Problem { Problem(severity: .error, message: message) }
        static func warning(_ message: String) -> Problem { Problem(severity: .warning, message: message) }
    }

    /// The reason why the store can't be used; `nil` where it can, as far as that is known beforehand.
    package static func problem(_ location: StoreLocation, _ files: any ConfigurationFiles) -> Problem? {
        switch location {
        case .postgres(let url, let schema, let password): problem(url, schema, password)
        case .sqlite(let path, let prefix):
            StoreLocation.isTablePrefix(prefix)
                ? problem(path, files) : .error("names tables that begin with no prefix such as lms_hooks_")
        }
    }

    private static func problem(_ url: Secret, _ schema: String, _ password: Secret?) -> Problem? {
        #if PostgreSQL
            do throws(PostgresURL.Problem) {
                let url = try PostgresURL(url.reveal())
                if let problem = problem(ofSchema: schema) { return .error("has a schema that \(problem)") }
                return password == nil || !url.hasPassword ? nil : .error(twoPasswords)
            } catch {
                return .error(error.description)
            }
        #else
            return .error(
                "names a PostgreSQL database, and this program is built without: turn on the trait `PostgreSQL`"
            )
        #endif
    }

    static let twoPasswords = "has a password in its `url` and one beside it: leave one out"

    /// The reason why a text can't be the schema of a store, to go on "a schema …". One that needs no quotes in SQL:
    /// who writes `webhooks.emit(…)` means this one.
    package static func problem(ofSchema name: String) -> String? {
        let isName = name.utf8.enumerated().allSatisfy { index, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"): true
            case UInt8(ascii: "0")...UInt8(ascii: "9"): index > 0
            default: false
            }
        }
        guard isName, (1...63).contains(name.utf8.count) else {
            return "must be 1 to 63 of a-z, 0-9 and _, and begin with no digit"
        }
        guard !name.hasPrefix("pg_"), name != "information_schema" else { return "belongs to PostgreSQL itself" }
        return name == "public" ? "must be the store's own, and `public` is everybody's" : nil
    }

    private static func problem(_ path: String, _ files: any ConfigurationFiles) -> Problem? {
        let store = files.status(of: path)
        switch store?.kind {
        case .folder: return .error("is a folder: name a file in it, such as \(path)/webhooks.sqlite")
        // Whoever opens it says so, as of a store that is damaged.
        case .other: return .warning("is no regular file")
        case .file where store?.isWritable == false: return .warning("can't be written by this user")
        case .file, nil: break
        }
        // The nearest that is there: the rest is made with the first event.
        var folder = path
        while let slash = folder.lastIndex(of: "/"), folder != "/" {
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
            if let problem = problem(ofFolder: folder, files) { return problem }
            if files.status(of: folder) != nil { return nil }
        }
        return path.hasPrefix("/") ? nil : problem(ofFolder: ".", files)
    }

    private static func problem(ofFolder folder: String, _ files: any ConfigurationFiles) -> Problem? {
        guard let status = files.status(of: folder) else { return nil }
        guard status.kind == .folder else { return .error("can't exist: \(folder) is not a folder") }
        // The log and the lock lie beside the store.
        guard !status.isWritable else { return nil }
        return .warning("can't be made or written: this user may not write in the folder \(folder)")
    }
}
