internal import CWebhooksProfiles
internal import Synchronization
package import WebhookCore

/// All profiles by name: the built-in ones, each parsed when it is first asked for, and those of the configured folder,
/// which replace built-in ones of the same name.
package final class ProfileCatalog: Sendable {
    /// The profile of the event that applications are advised to emit, which shows a topic where none is named.
    package static let canonicalName = "lms"

    /// The names of all profiles, sorted.
    package let names: [String]
    private let configured: [String: Profile]
    /// Configured profiles that could not be loaded: they hide a built-in one all the same.
    private let broken: [String: String]
    private let cache = Mutex<[String: Profile]>([:])

    /// The built-in profiles alone.
    package convenience init() {
        self.init(configured: [:], broken: [:])
    }

    /// - Parameter broken: the profiles that could not be loaded, each with its first problem.
    init(configured: [String: Profile], broken: [String: String]) {
        self.configured = configured
        self.broken = broken
        names = Set(BuiltinProfiles.names).union(configured.keys).subtracting(broken.keys).sorted()
    }

    /// A profile by name; `nil` where there is none, or a configured one has errors.
    package func profile(named name: String) -> Profile? {
        if let profile = configured[name] { return profile }
        if broken[name] != nil { return nil }
        if let profile = cache.withLock({ $0[name] }) { return profile }
        guard let folder = ProfileFolder(builtin: name) else { return nil }
        // The built-in files have no problems: a test loads every one of them.
        guard let profile = ProfileLoader(problems: Problems()).load(folder) else { return nil }
        // Whoever came first wins, so that a profile is one object.
        return cache.withLock { profiles in
            if let first = profiles[name] { return first }
            profiles[name] = profile
            return profile
        }
    }

    /// All profiles in the order of ``names``; parses those that were not asked for yet.
    package func all() -> [Profile] { names.compactMap(profile(named:)) }

    /// The topics of the canonical event, where one of the subscriptions has data compared with them; else none, for the
    /// profile is a large one to read.
    package func canonicalTopics(for subscriptions: [Subscription]) -> [ProfileTopic] {
        guard subscriptions.contains(where: { $0.schema == .enforce }) else { return [] }
        return profile(named: Self.canonicalName)?.topics ?? []
    }

    /// The profiles of the configured folder.
    var configuredProfiles: [Profile] { names.compactMap { configured[$0] } }

    /// Tells whether a name is taken by a configured profile with errors, which have been reported.
    func isBroken(_ name: String) -> Bool { broken[name] != nil }

    /// The first problem of a configured profile that could not be loaded, with its place.
    package func problem(with name: String) -> String? { broken[name] }

    /// The problems of the built-in profile of that name: none, unless its file is wrong.
    ///
    /// The mappings' paths are looked up as well, which no dispatcher takes the time for.
    static func diagnostics(ofBuiltin name: String) -> [Diagnostic] {
        let problems = Problems()
        let loader = ProfileLoader(problems: problems, canonical: CanonicalEvents(ProfileCatalog()))
        if let folder = ProfileFolder(builtin: name) { _ = loader.load(folder) }
        return problems.sorted(mainFile: "")
    }
}

/// The files of the built-in profiles, which live in the binary.
package enum BuiltinProfiles {
    /// The names of the profiles, sorted.
    package static let names: [String] = Array(Set(files.map { String(cString: $0.profile) })).sorted()

    /// A file of a profile's folder, such as `profile.json`; `nil` where there is none.
    package static func file(profile: String, name: String) -> ByteString? {
        files.first { String(cString: $0.profile) == profile && String(cString: $0.file) == name }.map { file in
            // The array ends with a zero and lives as long as the process; the files are text and hold no other zero.
            let text = UnsafeRawPointer(file.bytes).assumingMemoryBound(to: CChar.self)
            var count = 0
            while text[count] != 0 { count += 1 }
            return ByteString(copying: UnsafeRawBufferPointer(start: text, count: count))
        }
    }

    private static var files: [webhooks_profiles_file] {
        (0..<webhooks_profiles_count()).map { webhooks_profiles_at($0) }
    }
}
