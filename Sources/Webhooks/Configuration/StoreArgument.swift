internal import WebhookCore
internal import WebhookRegistry

/// The text that names a store in place of a configuration's.
package enum StoreArgument {
    /// Returns the problem with it, to go on "--store …"; `nil` where it names a store.
    package static func problem(_ text: String) -> String? {
        switch StoreLocationParser.parse(text) {
        case .sqlite: return nil
        case .postgres(let url, let schema, let password):
            return StoreRules.problem(.postgres(url, schema: schema, password: password), DiskFiles())?.message
        case nil:
            return meant(text).map { "must be sqlite:PATH; did you mean \($0)?" }
                ?? "must be sqlite:PATH or postgres://USER@HOST/DATABASE"
        }
    }

    /// Tells whether it holds a password, which others see in the process list.
    package static func hasPassword(_ text: String) -> Bool { (try? PostgresURL(text).hasPassword) ?? false }

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
