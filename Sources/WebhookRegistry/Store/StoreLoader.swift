package import WebhookCore

/// Reads `store`: a source of its text, or a mapping of the text and what belongs to it.
struct StoreLoader {
    /// The keys of the mapping.
    static let keys = ["url", "schema", "password"]

    let context: LoadContext

    private var problems: Problems { context.problems }

    func load(_ root: Section) -> StoreLocation? {
        guard let node = root.node("store") else { return nil }
        if case .mapping(let members) = node.value, !members.contains(where: { ["env", "file"].contains($0.key) }) {
            return mapping(node)
        }
        return text(node, "`store`").flatMap { check($0, "`store`") }
    }

    private func mapping(_ node: ConfigNode) -> StoreLocation? {
        guard let section = Section(node, "`store`", keys: Self.keys, isSensitive: true, problems: problems) else {
            return nil
        }
        section.require("url", "a source alone is { env: NAME } or { file: PATH }")
        let url = section.node("url").flatMap { text($0, "`url`") }
        let schema = section.text("schema")
        let problemOfSchema = schema.flatMap { StoreRules.problem(ofSchema: $0.value) }
        if let schema, let problemOfSchema { problems.error(schema.place, "`schema` \(problemOfSchema)") }
        let password = section.node("password").flatMap { SourceReader(context: context).secret($0, "`password`") }
        guard let url else { return nil }
        guard case .postgres(let text, _, _) = url.value else {
            for key in ["schema", "password"] {
                guard let place = section.keyPlace(key) else { continue }
                problems.error(place, "`\(key)` is for a database on PostgreSQL; a file has none")
            }
            return check(url, "`url`")
        }
        guard problemOfSchema == nil else { return nil }
        let location = StoreLocation.postgres(
            text,
            schema: schema?.value ?? StoreLocation.standardSchema,
            password: password?.value
        )
        return check(Located(value: location, place: url.place), "`url`")
    }

    /// Reports a text that names no store. One that names another place than it should is reported later.
    private func text(_ node: ConfigNode, _ name: String) -> Located<StoreLocation>? {
        guard let text = SourceReader(context: context).text(node, name) else { return nil }
        guard let location = StoreLocationParser.parse(text.value.value, from: text.place.file) else {
            problems.error(text.place, "\(name) \(StoreLocationParser.grammar)")
            return nil
        }
        if !text.value.isExternal, (try? PostgresURL(text.value.value).hasPassword) == true {
            context.noteLiteralSecret(text.place)
        }
        return Located(value: location, place: text.place)
    }

    private func check(_ location: Located<StoreLocation>, _ name: String) -> StoreLocation {
        if let problem = StoreRules.problem(location.value, context.files) {
            problems.add(problem.severity, location.place, "\(name) \(problem.message)")
        }
        return location.value
    }
}

/// Reads the text of `store` and `--store`.
package enum StoreLocationParser {
    /// The forms that a store may have, to go on "`store` …".
    package static let grammar =
        "must be sqlite:PATH, such as sqlite:../var/webhooks.sqlite, or postgres://USER@HOST/DATABASE"

    /// A location, or `nil` where the text is none. ``StoreRules`` say whether it can be used.
    ///
    /// - Parameter file: the file that names the store: a relative path starts from its folder. `nil`: from the
    ///   working folder.
    package static func parse(_ text: String, from file: String? = nil) -> StoreLocation? {
        guard HeaderRules.isValue(text) else { return nil }
        if PostgresURL.isOne(text) { return .postgres(Secret(text)) }
        guard text.hasPrefix("sqlite:") else { return nil }
        let path = String(text.dropFirst("sqlite:".utf8.count))
        // sqlite:///path is how others spell an absolute path; with two slashes a host would follow.
        guard !path.isEmpty, !path.hasPrefix(":"), !path.hasPrefix("//") || path.hasPrefix("///") else { return nil }
        // A host's own database may hold several stores, whose tables' names begin otherwise.
        if let parameter = path.range(of: StoreLocation.prefixParameter, options: .backwards) {
            let prefix = String(path[parameter.upperBound...])
            guard StoreLocation.isTablePrefix(prefix) else { return nil }
            return .sqlite(path: resolve(String(path[..<parameter.lowerBound]), file), prefix: prefix)
        }
        return .sqlite(path: resolve(path, file))
    }

    private static func resolve(_ path: String, _ file: String?) -> String {
        if path.hasPrefix("///") { return String(path.dropFirst(2)) }
        return file.map { LoadContext.resolve(path, from: $0) } ?? path
    }
}
