internal import Foundation
internal import WebhookCore

/// Collects what a receiver must not be able to echo into our log.
enum SecretTexts {
    /// Every secret of a subscription in the forms in which it travels. (``Redactor`` adds their base64.)
    static func all(of subscription: Subscription, _ egress: EgressPolicy) -> [String] {
        var texts: [String] = []
        for secret in subscription.secrets + subscription.retiringSecrets.map(\.secret) {
            let text = secret.reveal()
            texts.append(text)
            for prefix in [StandardWebhooks.secretPrefix, StandardWebhooks.signingKeyPrefix]
            where text.hasPrefix(prefix) {
                texts.append(String(text.dropFirst(prefix.count)))
            }
        }
        switch subscription.authentication {
        case .basic(let username, let password):
            let pair = "\(username):\(password.reveal())"
            // As it stands in the header, too: a receiver may write the header itself in base64.
            texts += [password.reveal(), pair, Base64.encode(pair)]
        case .bearer(let token): texts.append(token.reveal())
        case .raw(let value): texts += credential(value.reveal())
        case nil: break
        }
        for header in subscription.headers {
            switch header.value {
            case .secret(let secret): texts += credential(secret.reveal())
            case .plain(let value) where CredentialHeaders.contains(header.name): texts += credential(value)
            case .plain: break
            }
        }
        if subscription.url.isSecret { texts += target(subscription.url.target) }
        if let key = subscription.tls?.key { texts.append(key.reveal()) }
        if let password = egress.proxy?.password { texts.append(password.reveal()) }
        return texts
    }

    /// A header's value, and what follows its scheme: `Bearer abc` is a secret and so is `abc`.
    private static func credential(_ value: String) -> [String] {
        let parts = value.split(separator: " ", maxSplits: 1)
        return parts.count == 2 ? [value, String(parts[1])] : [value]
    }

    /// A secret URL's path and query, together and each by itself, and the parts of them that look like tokens: a receiver
    /// may have taken the URL apart before it shows it.
    private static func target(_ target: String) -> [String] {
        let parts = target.split(separator: "?", maxSplits: 1)
        var texts = [target] + parts.map(String.init)
        texts += parts[0].split(separator: "/").filter { $0.utf8.count >= 12 }.flatMap(decoded)
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let value = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).last ?? pair
            if value.utf8.count >= 6 { texts += decoded(value) }
        }
        return texts
    }

    /// A part of a URL as it is and without its percent-encoding.
    private static func decoded(_ part: Substring) -> [String] {
        [
            String(part), part.removingPercentEncoding ?? "",
            part.replacing("+", with: " ").removingPercentEncoding ?? "",
        ]
    }
}

/// Headers that carry a credential whoever writes them.
package enum CredentialHeaders {
    /// By name, in any case; what others call such headers ends alike.
    package static func contains(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["authorization", "cookie", "api-key", "apikey", "token", "secret", "password"].contains {
            name == $0 || name.hasSuffix("-" + $0)
        }
    }
}

/// Base64 (RFC 4648, section 4).
enum Base64 {
    static func encode(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
}
