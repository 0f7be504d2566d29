internal import CBuiltinProfiles
public import WebhookCore

/// The files of the built-in profiles, which live in the binary.
public enum BuiltinProfiles {
    /// The names of the profiles, sorted.
    public static let names: [String] = Array(Set(files.map { String(cString: $0.profile) })).sorted()

    /// A file of a profile's folder, such as `profile.json`; `nil` where there is none.
    public static func file(profile: String, name: String) -> ByteString? {
        files.first { String(cString: $0.profile) == profile && String(cString: $0.file) == name }.map { file in
            // The array ends with a zero and lives as long as the process; the files are text and hold no other zero.
            let text = UnsafeRawPointer(file.bytes).assumingMemoryBound(to: CChar.self)
            var count = 0
            while text[count] != 0 { count += 1 }
            return ByteString(copying: UnsafeRawBufferPointer(start: text, count: count))
        }
    }

    private static var files: [cbuiltin_profiles_file] {
        (0..<cbuiltin_profiles_count()).map { cbuiltin_profiles_at($0) }
    }
}
