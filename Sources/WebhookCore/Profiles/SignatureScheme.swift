/// A profile's signature scheme.
package struct SignatureScheme: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The secret itself in the header.
        case plain
        /// For platforms that know nothing newer.
        case hmacSHA1
        case hmacSHA256
        case hmacSHA512
        case ed25519
        /// The public specification of that name: three headers, `v1` or `v1a` by the kind of secret, under each of
        /// ``SignatureScheme/headerFamilies``.
        case standardWebhooks
    }

    /// The encoding of signature bytes, or of a secret's text.
    package enum Encoding: Sendable, Hashable { case hex, base64 }

    /// The encoding of key bytes in a secret's text.
    package enum SecretEncoding: Sendable, Hashable { case text, base64, hex }

    /// The content that is signed.
    package enum Content: Sendable, Hashable {
        case body
        /// `{timestamp}.{body}`
        case timestampBody
        /// `{id}.{timestamp}.{body}`
        case idTimestampBody
        /// Texts around the body, with `{id}`, `{timestamp}`, `{method}`, `{url}`, `{host}` and `{path}` in them.
        case parts(before: String, after: String)

        /// True when the event's id is in it.
        var hasID: Bool {
            switch self {
            case .body, .timestampBody: false
            case .idTimestampBody: true
            case .parts(let before, let after): (before + after).contains("{id}")
            }
        }
    }

    /// True when what is signed begins with the event's id and a dot.
    ///
    /// An id with a dot in it is then ambiguous: `a.1700000000` signed at `T` is also what `a` would be, signed at
    /// 1700000000 with a body that begins with `T.`. Whoever reads one request could choose the time of another.
    package var beginsWithID: Bool {
        kind == .standardWebhooks || kind != .plain && content.hasID
    }

    /// True when the secrets after the first sign as well, side by side with it.
    package var usesEverySecret: Bool { separator != nil || kind == .standardWebhooks }

    package var kind: Kind
    /// The header that carries it; unused for ``Kind/standardWebhooks``.
    package var header: String
    /// The beginnings of the three headers' names under ``Kind/standardWebhooks``: a receiver may know either.
    package var headerFamilies: [String]
    package var encoding: Encoding
    package var content: Content
    /// Put before each signature.
    package var prefix: String
    /// The header's value with `{timestamp}` and `{signatures}` in it.
    package var value: String
    /// Joins the signatures of several secrets; `nil`: the header carries the first secret's alone.
    package var separator: String?
    package var secretEncoding: SecretEncoding
    /// True when a subscription must have a secret; otherwise, without one the header is left out.
    package var requiresSecret: Bool

    /// The names of all headers that it sets.
    package var headerNames: [String] {
        guard kind == .standardWebhooks else { return [header] }
        return headerFamilies.flatMap { ["\($0)-id", "\($0)-timestamp", "\($0)-signature"] }
    }

    package init(
        kind: Kind,
        header: String,
        headerFamilies: [String] = ["webhook"],
        encoding: Encoding = .hex,
        content: Content = .body,
        prefix: String = "",
        value: String = "{signatures}",
        separator: String? = nil,
        secretEncoding: SecretEncoding = .text,
        requiresSecret: Bool = false
    ) {
        self.kind = kind
        self.header = header
        self.headerFamilies = headerFamilies
        self.encoding = encoding
        self.content = content
        self.prefix = prefix
        self.value = value
        self.separator = separator
        self.secretEncoding = secretEncoding
        self.requiresSecret = requiresSecret
    }
}
