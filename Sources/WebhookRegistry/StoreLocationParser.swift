public import WebhookCore

/// Reads `store` and `--store`.
public enum StoreLocationParser {
    /// What a store may be, to go on "`store` …".
    public static let grammar = "must be sqlite:PATH, such as sqlite:../var/webhooks.sqlite"

    /// A location, or `nil` where the text is none.
    ///
    /// - Parameter file: the file that names the store: a relative path starts from its folder. `nil`: from the
    ///   working folder.
    public static func parse(_ text: String, from file: String? = nil) -> StoreLocation? {
        guard HeaderRules.isValue(text) else { return nil }
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") { return .postgres(Secret(text)) }
        guard text.hasPrefix("sqlite:") else { return nil }
        let path = String(text.dropFirst("sqlite:".utf8.count))
        // sqlite:///path is how others spell an absolute path; with two slashes a host would follow.
        guard !path.isEmpty, !path.hasPrefix(":"), !path.hasPrefix("//") || path.hasPrefix("///") else { return nil }
        if path.hasPrefix("///") { return .sqlite(path: String(path.dropFirst(2))) }
        return .sqlite(path: file.map { LoadContext.resolve(path, from: $0) } ?? path)
    }
}
