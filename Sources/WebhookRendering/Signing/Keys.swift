internal import CWebhooksCrypto
internal import WebhookCore

/// A key for HMACs (RFC 2104).
// Safe to share: what it points to doesn't change.
final class HMACKey: @unchecked Sendable {
    /// The hash function inside.
    enum Hash {
        case sha1, sha256, sha512
    }

    let hash: Hash
    private let begun: OpaquePointer

    /// - Throws: ``RenderingError`` where OpenSSL doesn't offer the function.
    init(_ hash: Hash, key: some Sequence<UInt8>) throws(RenderingError) {
        self.hash = hash
        let bytes = Array(key)
        let kind =
            switch hash {
            case .sha1: webhooks_sha1
            case .sha256: webhooks_sha256
            case .sha512: webhooks_sha512
            }
        guard let begun = webhooks_hmac_create(kind, bytes, bytes.count) else {
            throw RenderingError("OpenSSL doesn't offer the hash function of the signature")
        }
        self.begun = begun
    }

    deinit { webhooks_hmac_free(begun) }

    /// The code of a prefix, a body and a suffix, which are not joined in memory.
    ///
    /// - Throws: ``RenderingError`` where OpenSSL fails: a signature that is none must not leave.
    func code(_ prefix: String, _ body: ByteString, _ suffix: String = "") throws(RenderingError) -> [UInt8] {
        var (prefix, suffix) = (prefix, suffix)
        let code = [UInt8](unsafeUninitializedCapacity: Int(WEBHOOKS_MAX_CODE)) { code, count in
            guard let start = code.baseAddress else { return }
            count = prefix.withUTF8 { prefix in
                body.withUnsafeBytes { body in
                    suffix.withUTF8 { suffix in
                        let parts = (
                            webhooks_bytes(bytes: prefix.baseAddress, length: prefix.count),
                            webhooks_bytes(bytes: body.baseAddress, length: body.count),
                            webhooks_bytes(bytes: suffix.baseAddress, length: suffix.count)
                        )
                        return withUnsafeBytes(of: parts) { parts in
                            let parts = parts.assumingMemoryBound(to: webhooks_bytes.self)
                            return parts.baseAddress.map { webhooks_hmac_code(begun, $0, parts.count, start) } ?? 0
                        }
                    }
                }
            }
        }
        if code.isEmpty { throw RenderingError("signing failed in OpenSSL") }
        return code
    }
}

/// A private key for Ed25519 (RFC 8032).
// Safe to share: what it points to doesn't change.
final class Ed25519Key: @unchecked Sendable {
    private let key: OpaquePointer
    /// The seed, 32 bytes.
    let seed: [UInt8]
    /// The public key, 32 bytes.
    let publicKey: [UInt8]

    /// - Parameter seed: `nil` where it has not 32 bytes.
    init?(seed: some Collection<UInt8>) {
        let seed = Array(seed)
        guard seed.count == 32, let key = webhooks_ed25519_create(seed) else { return nil }
        self.seed = seed
        self.key = key
        publicKey = [UInt8](unsafeUninitializedCapacity: 32) { bytes, count in
            count = bytes.baseAddress.map { webhooks_ed25519_public_key(key, $0) } == true ? 32 : 0
        }
    }

    /// A key from the system's random source.
    static func generate() -> Ed25519Key? { Ed25519Key(seed: RandomBytes.make(32)) }

    deinit { webhooks_ed25519_free(key) }

    /// The signature of a message, 64 bytes; `nil` where memory is short.
    func signature(of message: [UInt8]) -> [UInt8]? {
        let signature = [UInt8](unsafeUninitializedCapacity: 64) { bytes, count in
            guard let start = bytes.baseAddress else { return }
            count = webhooks_ed25519_sign(key, message, message.count, start) ? 64 : 0
        }
        return signature.isEmpty ? nil : signature
    }

    /// Tells whether a signature is that of a message.
    static func isValid(_ signature: some Collection<UInt8>, of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        guard signature.count == 64, publicKey.count == 32 else { return false }
        return webhooks_ed25519_verify(publicKey, message, message.count, Array(signature))
    }
}

/// Random bytes for keys.
enum RandomBytes {
    /// Bytes from the system's source, which is the kernel's on Linux.
    static func make(_ count: Int) -> [UInt8] {
        var source = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &source) }
    }
}
