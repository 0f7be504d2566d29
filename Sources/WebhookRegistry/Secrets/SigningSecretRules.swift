package import WebhookCore

/// Checks that a secret fits the scheme that signs with it. Problems never quote the secret.
enum SigningSecretRules {
    /// Shorter ones can be found by trying.
    static let shortest = 16

    /// The problem with a secret, for whoever reads it; `nil` where there is none.
    static func problem(_ secret: Secret, for scheme: SignatureScheme, _ audience: Audience) -> String? {
        let text = secret.reveal()
        switch scheme.kind {
        case .standardWebhooks: return standardProblem(text, audience)
        case .plain: return HeaderRules.isValue(text) ? nil : SourceReader.controlCharacters("the secret")
        case .hmacSHA1, .hmacSHA256, .hmacSHA512, .ed25519: break
        }
        switch scheme.secretEncoding {
        case .text: return nil
        case .base64: return Base64.decodedCount(Substring(text)) ?? 0 > 0 ? nil : "the secret must be base64"
        case .hex: return isHex(text) ? nil : "the secret must be hexadecimal, two digits a byte"
        }
    }

    /// Standard Webhooks, "Signature scheme": `whsec_` and 24 to 64 bytes, or `whsk_` and an Ed25519 key, in base64.
    private static func standardProblem(_ text: String, _ audience: Audience) -> String? {
        func problem(_ message: String, ed25519: Bool = false) -> String {
            Remedy.makeSecret(ed25519: ed25519).text(after: message, for: audience)
        }
        if text.hasPrefix("whsec_") {
            guard let count = Base64.decodedCount(text.dropFirst(6)), (24...64).contains(count) else {
                return problem("a secret whsec_… must hold 24 to 64 bytes in base64")
            }
            return nil
        }
        if text.hasPrefix("whsk_") {
            guard Base64.decodedCount(text.dropFirst(5)) == 64 else {
                return problem("a key whsk_… must hold 64 bytes in base64", ed25519: true)
            }
            return nil
        }
        if text.hasPrefix("whpk_") {
            return "this is a public key (whpk_…), which receivers get; signing needs the key whsk_… beside it"
        }
        return problem("the secret must begin with whsec_\(audience == .client ? "" : " (or whsk_ for Ed25519)")")
    }

    private static func isHex(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count % 2 == 0 && text.utf8.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }
}

/// The same for who has no file.
package enum SigningSecretCheck {
    /// The problem with a secret, which is not quoted; `nil` where there is none.
    package static func problem(_ secret: Secret, for scheme: SignatureScheme, _ audience: Audience) -> String? {
        SigningSecretRules.problem(secret, for: scheme, audience)
    }
}
