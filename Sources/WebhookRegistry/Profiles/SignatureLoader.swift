internal import WebhookCore

/// `signature:` of a profile → ``SignatureScheme``.
struct SignatureLoader {
    private static let keys = [
        "scheme", "header", "encoding", "content", "prefix", "value", "separator", "secretEncoding", "secret",
        "headerFamilies",
    ]

    private enum Scheme: String, CaseIterable {
        case plain
        case hmacSHA1 = "hmac-sha1"
        case hmacSHA256 = "hmac-sha256"
        case hmacSHA512 = "hmac-sha512"
        case ed25519
        case standard = "standard-webhooks"

        var kind: SignatureScheme.Kind {
            switch self {
            case .plain: .plain
            case .hmacSHA1: .hmacSHA1
            case .hmacSHA256: .hmacSHA256
            case .hmacSHA512: .hmacSHA512
            case .ed25519: .ed25519
            case .standard: .standardWebhooks
            }
        }
    }

    private enum Requirement: String, CaseIterable { case required, optional }

    private enum EncodingName: String, CaseIterable { case hex, base64 }

    private enum SecretEncodingName: String, CaseIterable { case text, base64, hex }

    let problems: Problems

    func load(_ node: ConfigNode) -> SignatureScheme? {
        guard let section = Section(node, "`signature`", keys: Self.keys, problems: problems) else { return nil }
        section.require("scheme")
        section.require("secret", "it is `required` or `optional`")
        let scheme = section.choice("scheme", of: Scheme.self)?.value
        let requirement = section.choice("secret", of: Requirement.self)?.value
        guard let scheme, let requirement else { return nil }
        if scheme == .standard {
            for key in Self.keys where !["scheme", "secret", "headerFamilies"].contains(key) {
                guard let place = section.keyPlace(key) else { continue }
                problems.error(place, "`\(key)` is fixed by standard-webhooks; leave it out")
            }
            return SignatureScheme(
                kind: .standardWebhooks,
                header: "webhook-signature",
                headerFamilies: headerFamilies(section),
                requiresSecret: requirement == .required
            )
        }
        if let place = section.keyPlace("headerFamilies") {
            problems.error(place, "`headerFamilies` is for standard-webhooks; the header of others is `header`")
        }
        section.require("header", "it is the name of the header that carries the signature")
        guard let header = section.text("header") else { return nil }
        if !HeaderRules.isName(header.value) || HeaderRules.reserved.contains(header.value.lowercased()) {
            problems.error(header.place, "`header` must be the name of a header that HTTP itself does not use")
        }
        return SignatureScheme(
            kind: scheme.kind,
            header: header.value,
            encoding: section.choice("encoding", of: EncodingName.self)?.value == .base64 ? .base64 : .hex,
            content: content(section),
            prefix: value(section, "prefix") ?? "",
            value: template(section) ?? "{signatures}",
            separator: value(section, "separator"),
            secretEncoding: secretEncoding(section),
            requiresSecret: requirement == .required
        )
    }

    /// The beginnings of the names of the specification's three headers.
    private func headerFamilies(_ section: Section) -> [String] {
        guard let items = section.items("headerFamilies") else { return ["webhook"] }
        var families: [String] = []
        for item in items {
            guard let name = section.read.text(item, "the beginning of a header's name") else { continue }
            if !HeaderRules.isName(name.value) {
                problems.error(name.place, "this does not begin a header's name (RFC 9110)")
            } else if families.contains(where: { $0.lowercased() == name.value.lowercased() }) {
                problems.error(name.place, "these headers are set twice")
            }
            families.append(name.value)
        }
        if items.isEmpty, let place = section.keyPlace("headerFamilies") {
            problems.error(place, "`headerFamilies` needs at least one, such as webhook")
        }
        return families
    }

    private func content(_ section: Section) -> SignatureScheme.Content {
        guard let text = section.text("content") else { return .body }
        switch text.value {
        case "{body}": return .body
        case "{timestamp}.{body}": return .timestampBody
        case "{id}.{timestamp}.{body}": return .idTimestampBody
        default: break
        }
        let parts = text.value.split(separator: "{body}", omittingEmptySubsequences: false).map(String.init)
        var rest = parts.joined()
        for name in ["id", "timestamp", "method", "url", "host", "path"] {
            rest = rest.replacing("{\(name)}", with: "")
        }
        guard parts.count == 2, !rest.contains("{"), !rest.contains("}") else {
            let names = "{id}, {timestamp}, {method}, {url}, {host} and {path}"
            section.read.problems.error(text.place, "`content` must hold {body} once, and may hold \(names)")
            return .body
        }
        return .parts(before: parts[0], after: parts[1])
    }

    private func secretEncoding(_ section: Section) -> SignatureScheme.SecretEncoding {
        switch section.choice("secretEncoding", of: SecretEncodingName.self)?.value {
        case .base64: .base64
        case .hex: .hex
        case .text, nil: .text
        }
    }

    /// Text for the header.
    private func value(_ section: Section, _ key: String) -> String? {
        guard let text = section.text(key) else { return nil }
        if !HeaderRules.isValue(text.value) { problems.error(text.place, SourceReader.controlCharacters("`\(key)`")) }
        return text.value
    }

    private func template(_ section: Section) -> String? {
        guard let text = value(section, "value") else { return nil }
        let rest = text.split(separator: "{signatures}", omittingEmptySubsequences: false)
        if rest.count != 2 || rest.joined().replacing("{timestamp}", with: "").contains("{") {
            let place = section.keyPlace("value") ?? section.place
            problems.error(place, "`value` must hold {signatures} once, and may hold {timestamp}")
        }
        return text
    }
}
