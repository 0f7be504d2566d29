internal import WebhookCore

/// `${NAME}` in texts of the configuration → the environment's value, once: what comes out is never looked through again.
///
/// It is for what differs between machines: hosts, paths, titles. A secret is written `{ env: NAME }`, which nothing shows;
/// where one stands, `${NAME}` is refused. `$${` stands for `${`.
struct EnvironmentText {
    let context: LoadContext

    /// The longest text that may come out.
    static let limit = 65_536

    /// A configuration, or a file that it includes, with its texts filled in.
    func expanded(_ root: ConfigNode) -> ConfigNode {
        mapping(root) { member in
            switch member.key {
            case "profile", "templates", "include": texts(member.value)
            case "store": mapping(source(member.value)) { $0.key == "password" ? secret($0.value) : source($0.value) }
            case "egress": mapping(member.value) { $0.key == "proxy" ? source($0.value) : texts($0.value) }
            case "server": mapping(member.value) { server($0) }
            case "defaults": options(member.value)
            case "subscriptions": items(member.value, options)
            default: member.value
            }
        }
    }

    private func options(_ node: ConfigNode) -> ConfigNode {
        mapping(node) { member in
            switch member.key {
            case "title", "tenant", "tenants", "topics", "profile": texts(member.value)
            case "url": url(member.value)
            case "headers": mapping(member.value) { header($0.value) }
            case "vars": mapping(member.value) { texts($0.value) }
            case "body": mapping(texts(member.value)) { texts($0.value) }
            case "secrets": items(member.value, secret)
            case "bearer", "authorization": secret(member.value)
            case "basicAuth": mapping(member.value) { $0.key == "username" ? source($0.value) : secret($0.value) }
            case "tls": mapping(member.value) { $0.key == "key" ? secret($0.value) : texts($0.value) }
            default: member.value
            }
        }
    }

    private func server(_ member: ConfigNode.Member) -> ConfigNode {
        switch member.key {
        case "listen", "publicURL": texts(member.value)
        case "metricsToken": secret(member.value)
        // A list, or one alone.
        case "tokens", "encryptionKey":
            if case .sequence = member.value.value { items(member.value, secret) } else { secret(member.value) }
        default: member.value
        }
    }

    // MARK: Positions

    private func mapping(_ node: ConfigNode, _ change: (ConfigNode.Member) -> ConfigNode) -> ConfigNode {
        guard case .mapping(let members) = node.value else { return node }
        var node = node
        node.value = .mapping(
            members.map { ConfigNode.Member(key: $0.key, place: $0.place, value: change($0)) }
        )
        return node
    }

    private func items(_ node: ConfigNode, _ change: (ConfigNode) -> ConfigNode) -> ConfigNode {
        guard case .sequence(let items) = node.value else { return node }
        var node = node
        node.value = .sequence(items.map(change))
        return node
    }

    /// A text, or a list of texts.
    private func texts(_ node: ConfigNode) -> ConfigNode {
        if case .sequence = node.value { return items(node, text) }
        return text(node)
    }

    /// A text, or `{ file: PATH }`, whose path is a text.
    private func source(_ node: ConfigNode) -> ConfigNode {
        mapping(text(node)) { $0.key == "file" ? text($0.value) : $0.value }
    }

    /// A header's value: from the environment, it is not shown.
    private func header(_ node: ConfigNode) -> ConfigNode {
        var filled = source(node)
        if case .scalar(let before, _) = node.value, case .scalar(let after, _) = filled.value, before != after {
            filled.isSecret = Self.names(in: before).isEmpty ? node.isSecret : true
        }
        return filled
    }

    /// A URL is shown as far as it names where requests go; a path or query from the environment may be a credential.
    private func url(_ node: ConfigNode) -> ConfigNode {
        var filled = source(node)
        if case .scalar(let before, _) = node.value, case .scalar(let after, _) = filled.value, before != after {
            filled.isSecret = node.isSecret || Self.hidesTarget(before, context.environment)
        }
        return filled
    }

    /// A secret: a literal one takes no `${NAME}`.
    private func secret(_ node: ConfigNode) -> ConfigNode {
        if case .scalar(let text, _) = node.value, !node.isSecret, !Self.names(in: text).isEmpty {
            context.problems.error(node.place, "a secret takes no ${NAME}: write { env: NAME }, which nothing shows")
        }
        return mapping(node) { $0.key == "file" ? text($0.value) : $0.value }
    }

    private func text(_ node: ConfigNode) -> ConfigNode {
        guard case .scalar(let text, _) = node.value, text.contains("${"), !node.isSecret else { return node }
        var output = ""
        var isIncomplete = false
        for part in Self.parts(of: text) {
            switch part {
            case .text(let text): output += text
            case .variable(let name):
                guard let value = context.environment[name] else {
                    context.problems.error(node.place, "the environment variable \(name) is not set")
                    isIncomplete = true
                    continue
                }
                guard !value.unicodeScalars.contains("\u{FFFD}") else {
                    context.problems.error(node.place, "the environment variable \(name) is not UTF-8 text")
                    continue
                }
                output += value
            case .broken:
                context.problems.error(
                    node.place,
                    "`${` begins the name of an environment variable, as in ${NAME}; `$${` stands for it"
                )
            }
        }
        guard output.utf8.count <= Self.limit else {
            context.problems.error(node.place, "with its environment variables the text is longer than 64 KiB")
            return node
        }
        var node = node
        node.value = .scalar(output, isPlain: false)
        node.isIncomplete = isIncomplete
        return node
    }

    // MARK: The form

    enum Part: Equatable {
        case text(String)
        case variable(String)
        /// `${` without a name.
        case broken
    }

    static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var rest = text[...]
        while let open = rest.firstRange(of: "${") {
            let before = rest[..<open.lowerBound]
            if before.hasSuffix("$") {
                parts.append(.text(before.dropLast() + "${"))
                rest = rest[open.upperBound...]
                continue
            }
            parts.append(.text(String(before)))
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else { return parts + [.broken] }
            let name = String(rest[open.upperBound..<close])
            parts.append(SourceReader.isVariableName(name) ? .variable(name) : .broken)
            rest = rest[rest.index(after: close)...]
        }
        return parts + [.text(String(rest))]
    }

    static func names(in text: String) -> [String] {
        parts(of: text).compactMap { part in
            if case .variable(let name) = part { name } else { nil }
        }
    }

    /// Tells whether any of a URL behind its host and port comes from the environment.
    static func hidesTarget(_ text: String, _ environment: [String: String]) -> Bool {
        var plain = ""
        for part in parts(of: text) {
            switch part {
            case .text(let text): plain += text
            case .variable(let name):
                let value = environment[name] ?? ""
                // Before the scheme it may be all of the URL; behind it, what ends the host ends what may be shown.
                guard let scheme = plain.firstRange(of: "://"),
                    !plain[scheme.upperBound...].contains(where: { "/?#".contains($0) }),
                    !value.contains(where: { "/?#@\\".contains($0) })
                else { return true }
                plain += value
            case .broken: return true
            }
        }
        return false
    }
}
