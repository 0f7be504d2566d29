public import WebhookCore
internal import WebhookRendering

/// Checks the signature of a received request, in the way of any of the profiles it was given.
package struct SignatureCheck: Sendable {
    /// The result of a check.
    package enum Verdict: String, Sendable, Hashable {
        case valid
        case invalid
        /// None of the headers that the profiles sign with.
        case missing
    }

    private struct Scheme: Sendable {
        var header: String
        var signer: Signer
    }

    private let secret: Secret
    private let schemes: [Scheme]

    /// - Parameters:
    ///   - secret: a Standard Webhooks secret or public key, or the key that a platform signs or sends.
    ///   - profiles: whose signatures to know beside Standard Webhooks; those over the body alone, and plain secrets.
    package init(secret: Secret, profiles: [Profile]) {
        self.secret = secret
        schemes = profiles.compactMap { profile in
            guard let scheme = profile.signature, scheme.content == .body, scheme.kind != .standardWebhooks,
                let signer = try? Signer(scheme: scheme, secrets: [secret])
            else { return nil }
            return Scheme(header: scheme.header.lowercased(), signer: signer)
        }
    }

    /// Compares in constant time. Judges no timestamp.
    package func verdict(headers: [HTTPHeader], body: ByteString) -> Verdict {
        let values = Dictionary(
            headers.map { ($0.name.lowercased(), $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
        if let signatures = values["webhook-signature"] {
            guard let id = values["webhook-id"], let timestamp = values["webhook-timestamp"].flatMap({ Int64($0) })
            else {
                return .invalid
            }
            let isValid = Signatures.verify(
                id: id,
                timestamp: timestamp,
                body: body,
                signatures: signatures,
                key: secret
            )
            return isValid ? .valid : .invalid
        }
        for scheme in schemes {
            guard let value = values[scheme.header] else { continue }
            let expected = try? scheme.signer.headers(id: "", timestamp: 0, body: body).first?.value
            return expected.map { constantTimeEqual($0.utf8, value.utf8) } ?? false ? .valid : .invalid
        }
        return .missing
    }
}

/// Standard Webhooks secrets and signatures (the public specification of that name, v1 and v1a).
public enum Signatures {
    /// A new secret.
    public struct KeyPair: Sendable {
        /// `whsec_…`, or `whsk_…` for Ed25519.
        public var secret: Secret
        /// `whpk_…` for Ed25519: what receivers verify with.
        public var publicKey: String?

        package init(secret: Secret, publicKey: String?) {
            (self.secret, self.publicKey) = (secret, publicKey)
        }
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

    /// Tells whether one of the signatures, separated by spaces, is right. Compares in constant time; judges no
    /// timestamp.
    ///
    /// - Parameters:
    ///   - id: as in `webhook-id`.
    ///   - timestamp: as in `webhook-timestamp`, in seconds.
    ///   - body: the exact bytes.
    ///   - signatures: as in `webhook-signature`.
    ///   - key: a secret, or a public key `whpk_…`.
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

/// Random secrets of the server's own.
package enum ServerSecrets {
    /// A key that seals secrets in the store: 32 bytes in base64.
    package static func encryptionKey() -> Secret { SealingKeys.generateKey() }

    /// A token for the HTTP API, 43 letters, digits, `-` and `_`.
    package static func token() -> Secret { SealingKeys.generateToken() }
}
