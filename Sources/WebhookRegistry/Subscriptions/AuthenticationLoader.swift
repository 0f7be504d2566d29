internal import WebhookCore

/// `basicAuth`, `bearer` or `authorization` → ``Authentication``.
struct AuthenticationLoader {
    let context: LoadContext

    func load(_ section: Section) -> Located<Authentication>? {
        let given = ["basicAuth", "bearer", "authorization"].compactMap { key in
            section.keyPlace(key).map { (key: key, place: $0) }
        }
        guard let first = given.first else { return nil }
        if given.count > 1 {
            let message = "`\(given[1].key)` and `\(first.key)` exclude each other: both set Authorization"
            context.problems.error(given[1].place, message)
        }
        let sources = SourceReader(context: context)
        let authentication: Authentication? =
            switch first.key {
            case "basicAuth": section.container("basicAuth").flatMap(basic)
            case "bearer": section.container("bearer").flatMap { bearer($0, sources) }
            default:
                section.container("authorization")
                    .flatMap { sources.headerSecret($0, "`authorization`") }.map { .raw($0.value) }
            }
        return authentication.map { Located(value: $0, place: first.place) }
    }

    private func basic(_ node: ConfigNode) -> Authentication? {
        let keys = ["username", "password"]
        let section = Section(node, "`basicAuth`", keys: keys, isSensitive: true, problems: context.problems)
        guard let section else { return nil }
        for key in keys { section.require(key) }
        let sources = SourceReader(context: context)
        let username = section.container("username").flatMap {
            sources.headerSecret($0, "`username`", isSecret: false)
        }
        let password = section.container("password").flatMap { sources.headerSecret($0, "`password`") }
        guard let username, let password else { return nil }
        let name = username.value.reveal()
        guard !name.utf8.contains(UInt8(ascii: ":")) else {
            context.problems.error(username.place, AuthenticationRules.colon)
            return nil
        }
        if let node = section.container("password") { sources.warnOfShort(node, "`password`", password) }
        return .basic(username: name, password: password.value)
    }

    private func bearer(_ node: ConfigNode, _ sources: SourceReader) -> Authentication? {
        guard let token = sources.headerSecret(node, "`bearer`") else { return nil }
        guard AuthenticationRules.isToken(token.value.reveal()) else {
            context.problems.error(token.place, AuthenticationRules.token)
            return nil
        }
        sources.warnOfShort(node, "`bearer`", token)
        return .bearer(token.value)
    }
}

/// Rules for credentials (RFC 7617, RFC 6750).
enum AuthenticationRules {
    static let colon = "`username` must not hold a colon (RFC 7617)"
    static let token = "`bearer` must be the token alone: ASCII without spaces"

    static func isToken(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F } }

    static func problems(_ authentication: Authentication?) -> [SubscriptionProblem] {
        var messages: [String?] = []
        switch authentication {
        case .basic(let username, let password):
            messages = [
                username.utf8.contains(UInt8(ascii: ":")) ? colon : nil,
                HeaderRules.problem(ofValue: username, named: "`username`"),
                HeaderRules.problem(ofValue: password.reveal(), named: "`password`"),
            ]
        case .bearer(let secret): messages = [isToken(secret.reveal()) ? nil : token]
        case .raw(let secret): messages = [HeaderRules.problem(ofValue: secret.reveal(), named: "`authorization`")]
        case nil: break
        }
        return messages.compactMap { $0.map { SubscriptionProblem(.authentication, $0) } }
    }
}
