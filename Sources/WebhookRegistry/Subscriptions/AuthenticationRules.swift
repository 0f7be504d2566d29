internal import WebhookCore

/// What credentials may hold (RFC 7617, RFC 6750).
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
