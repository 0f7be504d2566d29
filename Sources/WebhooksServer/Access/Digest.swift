internal import CWebhooksCrypto
internal import WebhookCore

/// A digest of what must not be kept as it is, or is too long: HMAC-SHA256 under the name of its purpose.
///
/// The bytes that go in can't be guessed (tokens), or needn't be secret (bodies); so no salt is needed.
enum Digest {
    /// A use of digests. It is begun once: that takes longer than the digest of a token.
    final class Purpose: Sendable {
        static let token = Purpose("webhooks.token")
        static let request = Purpose("webhooks.request")
        static let answer = Purpose("webhooks.answer")
        static let endpoint = Purpose("webhooks.endpoint")

        // Threads may share it.
        fileprivate nonisolated(unsafe) let begun: OpaquePointer

        private init(_ name: String) {
            let name = Array(name.utf8)
            guard let begun = webhooks_hmac_create(webhooks_sha256, name, name.count) else {
                preconditionFailure("OpenSSL lacks SHA-256")
            }
            self.begun = begun
        }

        deinit { webhooks_hmac_free(begun) }
    }

    static func of(_ parts: ByteString..., for purpose: Purpose) -> ByteString {
        // Each part with its length, so that none can be taken for another's.
        var joined: [UInt8] = []
        for part in parts {
            withUnsafeBytes(of: UInt64(part.count).littleEndian) { joined += $0 }
            part.withUnsafeBytes { joined += $0 }
        }
        let code = [UInt8](unsafeUninitializedCapacity: Int(WEBHOOKS_MAX_CODE)) { code, count in
            guard let start = code.baseAddress else { return }
            count = joined.withUnsafeBytes { bytes in
                var part = webhooks_bytes(bytes: bytes.baseAddress, length: bytes.count)
                return Int(webhooks_hmac_code(purpose.begun, &part, 1, start))
            }
        }
        precondition(code.count == 32, "OpenSSL fails at SHA-256")
        return ByteString(code)
    }

    /// The form in which a token is compared and kept.
    static func token(_ token: String) -> ByteString { of(ByteString(token), for: .token) }
}

/// The tokens of the whole organisation, kept as digests.
struct OrganisationTokens: Sendable {
    private let digests: [[UInt8]]

    init(_ tokens: [Secret]) { digests = tokens.map { Digest.token($0.reveal()).bytes } }

    var isEmpty: Bool { digests.isEmpty }

    /// Tells whether a token is one of them. Takes as long for one that is almost right as for any other.
    func contains(digest: ByteString) -> Bool {
        let digest = digest.bytes
        return digests.reduce(false) { found, known in constantTimeEqual(known, digest) || found }
    }
}

extension APIRequest {
    /// The token of `Authorization: Bearer …`.
    var bearerToken: String? {
        guard let value = header("authorization"), value.utf8.count <= 4096 else { return nil }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
        let token = parts[1].trimmingSpaces
        return token.isEmpty ? nil : token
    }
}

extension Substring {
    fileprivate var trimmingSpaces: String {
        var text = self
        while text.hasPrefix(" ") { text.removeFirst() }
        while text.hasSuffix(" ") { text.removeLast() }
        return String(text)
    }
}
