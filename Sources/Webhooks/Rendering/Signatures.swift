public import WebhookCore
internal import WebhookRendering

/// Standard Webhooks secrets and signatures (the public specification of that name, v1 and v1a).
public enum Signatures {
    /// A new secret.
    public struct KeyPair: Sendable {
        /// `whsec_…`, or `whsk_…` for Ed25519.
        public var secret: Secret
        /// `whpk_…` for Ed25519: what receivers verify with.
        public var publicKey: String?
    }

    /// Makes a secret: 24 random bytes for HMAC-SHA256, or an Ed25519 key pair.
    public static func generate(ed25519: Bool) -> KeyPair {
        let (secret, publicKey) = StandardWebhooks.generateSecret(ed25519: ed25519)
        return KeyPair(secret: secret, publicKey: publicKey)
    }

    /// `v1,…` or `v1a,…` by the kind of secret.
    ///
    /// - Throws: ``WebhooksError`` with `rendering` where the secret is none.
    public static func sign(id: String, timestamp: Int64, body: ByteString, secret: Secret) throws(WebhooksError)
        -> String
    {
        do {
            return try StandardWebhooks.sign(id: id, timestamp: timestamp, body: body, secret: secret)
        } catch {
            throw WebhooksError(.rendering, "\(error)")
        }
    }

    /// Whether one of the signatures, separated by spaces, is right. Compares in constant time; judges no timestamp.
    ///
    /// - Parameter key: a secret, or a public key `whpk_…`.
    public static func verify(
        id: String,
        timestamp: Int64,
        body: ByteString,
        signatures: String,
        key: Secret
    ) -> Bool {
        StandardWebhooks.verify(id: id, timestamp: timestamp, body: body, signatures: signatures, keyOrSecret: key)
    }
}
