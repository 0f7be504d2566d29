internal import Foundation
package import WebhookCore

/// Secrets and signatures of the Standard Webhooks specification.
///
/// A secret `whsec_…` signs with HMAC-SHA256 (`v1`), a key `whsk_…` with Ed25519 (`v1a`), which is verified with `whpk_…`.
/// The text after the prefix is base64. Signed is `id.timestamp.body`.
package enum StandardWebhooks {
    static let secretPrefix = "whsec_"
    static let signingKeyPrefix = "whsk_"
    static let publicKeyPrefix = "whpk_"

    /// Makes a secret from the system's random source.
    ///
    /// - Parameter ed25519: `false`: `whsec_` with 24 random bytes. `true`: `whsk_` with seed and public key (64 bytes), and
    ///   the public key as `whpk_` (32 bytes) for receivers.
    package static func generateSecret(ed25519: Bool) -> (secret: Secret, publicKey: String?) {
        if ed25519, let key = Ed25519Key.generate() {
            let secret = signingKeyPrefix + Data(key.seed + key.publicKey).base64EncodedString()
            return (Secret(secret), publicKeyPrefix + Data(key.publicKey).base64EncodedString())
        }
        return (Secret(secretPrefix + Data(RandomBytes.make(24)).base64EncodedString()), nil)
    }

    /// Signs: `v1,…` or `v1a,…` by the kind of secret.
    ///
    /// - Throws: ``RenderingError`` where the secret is not one of the specification's, or the id holds a dot.
    package static func sign(
        id: String,
        timestamp: Int64,
        body: ByteString,
        secret: Secret
    ) throws(RenderingError) -> String {
        try checkID(id)
        return try signature(id, timestamp, body, try key(secret.reveal()))
    }

    /// Passes an id that leaves no doubt where the timestamp begins.
    static func checkID(_ id: String) throws(RenderingError) {
        if id.hasByte(UInt8(ascii: ".")) { throw RenderingError(Subscription.dottedID) }
    }

    /// Tells whether one of the signatures is right. Says nothing about how old the timestamp is.
    ///
    /// - Parameters:
    ///   - signatures: the value of `webhook-signature`: `version,signature`, several separated by spaces.
    ///   - keyOrSecret: `whsec_…`, `whpk_…` or `whsk_…`.
    /// - Returns: `false` too where the key is not one of the specification's.
    package static func verify(
        id: String,
        timestamp: Int64,
        body: ByteString,
        signatures: String,
        keyOrSecret: Secret
    ) -> Bool {
        let text = keyOrSecret.reveal()
        let prefix = "\(id).\(timestamp)."
        let isValid: (Data) -> Bool
        let version: String
        if text.hasPrefix(publicKeyPrefix) {
            guard let key = Data(base64Encoded: String(text.dropFirst(publicKeyPrefix.count))) else { return false }
            version = "v1a"
            isValid = { Ed25519Key.isValid($0, of: Array(prefix.utf8) + body.bytes, by: Array(key)) }
        } else {
            switch try? key(text) {
            case .hmac(let key):
                version = "v1"
                guard let expected = (try? key.code(prefix, body)).map({ Data($0) }) else { return false }
                isValid = { constantTimeEqual($0, expected) }
            case .ed25519(let key):
                version = "v1a"
                isValid = { Ed25519Key.isValid($0, of: Array(prefix.utf8) + body.bytes, by: key.publicKey) }
            case .plain, nil:
                return false
            }
        }
        return signatures.split(separator: " ").contains { part in
            guard let comma = part.firstIndex(of: ","), part[..<comma] == version,
                let signature = Data(base64Encoded: String(part[part.index(after: comma)...]))
            else { return false }
            return isValid(signature)
        }
    }

    /// Decodes a secret; one without prefix is an HMAC secret.
    static func key(_ text: String) throws(RenderingError) -> SigningKey {
        if text.hasPrefix(signingKeyPrefix) {
            guard let bytes = Data(base64Encoded: String(text.dropFirst(signingKeyPrefix.count))) else {
                throw RenderingError("a signing key must be whsk_ followed by base64")
            }
            return .ed25519(try SigningKey.privateKey(Array(bytes)))
        }
        guard !text.hasPrefix(publicKeyPrefix) else {
            throw RenderingError("whpk_ is a public key: it verifies and can't sign")
        }
        let encoded = text.hasPrefix(secretPrefix) ? String(text.dropFirst(secretPrefix.count)) : text
        guard let bytes = Data(base64Encoded: encoded), !bytes.isEmpty else {
            throw RenderingError("a signing secret must be whsec_ followed by base64")
        }
        return .hmac(try HMACKey(.sha256, key: bytes))
    }

    static func signature(
        _ id: String,
        _ timestamp: Int64,
        _ body: ByteString,
        _ key: SigningKey
    ) throws(RenderingError) -> String {
        var prefix = ""
        prefix.reserveCapacity(id.utf8.count + 24)
        prefix += id
        prefix += "."
        prefix += String(timestamp)
        prefix += "."
        switch key {
        case .hmac(let key):
            return "v1," + Data(try key.code(prefix, body)).base64EncodedString()
        case .ed25519(let key):
            return "v1a," + Data(try Signer.signature(prefix, body, key)).base64EncodedString()
        case .plain:
            throw RenderingError("the secret is not one of the specification's")
        }
    }
}
