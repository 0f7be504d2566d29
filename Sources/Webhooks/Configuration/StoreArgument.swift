internal import WebhookCore
internal import WebhookRegistry

/// The text that names a store in place of a configuration's.
package enum StoreArgument {
    /// Returns the problem with it, to go on "--store …"; `nil` where it names a store.
    package static func problem(_ text: String) -> String? {
        guard StoreLocationParser.parse(text) == nil else { return nil }
        return "must be sqlite:PATH" + (meant(text).map { "; did you mean \($0)?" } ?? "")
    }

    /// A path without its `sqlite:`, or with slashes that would make a host of its first part. What could hold a password
    /// is not repeated.
    private static func meant(_ text: String) -> String? {
        var path = Substring(text)
        for prefix in ["sqlite3:", "sqlite:", "file:"] where path.hasPrefix(prefix) {
            path = path.dropFirst(prefix.count)
            break
        }
        if path.hasPrefix("//") { path = path.dropFirst(2) }
        guard !path.isEmpty, path.utf8.count <= 256, !path.contains("@"), !path.contains(":") else { return nil }
        let suggestion = "sqlite:\(path)"
        return StoreLocationParser.parse(suggestion) == nil ? nil : suggestion
    }
}
