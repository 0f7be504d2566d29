import CWebhooksCrypto

/// Writes TLS 1.3 records by hand, in place of a server's library: whatever a receiver may put into them.
struct TLSRecords {
    /// The content of a record.
    enum Content: UInt8 {
        case handshake = 22
        case data = 23
    }

    /// Session tickets of the smallest size, as many as a record takes.
    static let tickets = [UInt8](
        repeatElement([4, 0, 0, 14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], count: 890).joined()
    )

    private var secret: [UInt8]
    private var key: [UInt8]
    private var iv: [UInt8]
    private var sequence: UInt64 = 0

    /// - Parameter secret: the server's first application traffic secret, under TLS_AES_128_GCM_SHA256.
    init(secret: [UInt8]) {
        self.secret = secret
        (key, iv) = Self.keys(secret)
    }

    /// One record.
    mutating func record(_ type: Content, _ content: [UInt8]) -> [UInt8] {
        let length = content.count + 1 + 16
        let header: [UInt8] = [23, 3, 3, UInt8(length >> 8), UInt8(length & 0xFF)]
        var nonce = iv
        for index in 0..<8 { nonce[4 + index] ^= UInt8(truncatingIfNeeded: sequence >> UInt64(56 - 8 * index)) }
        sequence += 1
        let content = content + [type.rawValue]
        let sealed = header.withUnsafeBytes { header in
            content.withUnsafeBytes { content in
                [UInt8](unsafeUninitializedCapacity: content.count + 16) { sealed, count in
                    let authenticated = webhooks_bytes(bytes: header.baseAddress, length: header.count)
                    let plaintext = webhooks_bytes(bytes: content.baseAddress, length: content.count)
                    guard let start = sealed.baseAddress,
                        webhooks_aes_gcm_seal(key, key.count, nonce, authenticated, plaintext, start)
                    else { return }
                    count = content.count + 16
                }
            }
        }
        return header + sealed
    }

    /// A change of keys (RFC 8446 section 4.6.3).
    mutating func keyUpdate() -> [UInt8] {
        let update = record(.handshake, [24, 0, 0, 1, 0])
        secret = Self.expand(secret, "traffic upd", 32)
        (key, iv) = Self.keys(secret)
        sequence = 0
        return update
    }

    private static func keys(_ secret: [UInt8]) -> ([UInt8], [UInt8]) {
        (expand(secret, "key", 16), expand(secret, "iv", 12))
    }

    /// HKDF-Expand-Label (RFC 8446, section 7.1) of at most 32 bytes.
    private static func expand(_ secret: [UInt8], _ label: String, _ count: Int) -> [UInt8] {
        let label = Array("tls13 \(label)".utf8)
        let info = [0, UInt8(count), UInt8(label.count)] + label + [0, 1]
        guard let begun = webhooks_hmac_create(webhooks_sha256, secret, secret.count) else { return [] }
        defer { webhooks_hmac_free(begun) }
        let code = info.withUnsafeBytes { info in
            [UInt8](unsafeUninitializedCapacity: Int(WEBHOOKS_MAX_CODE)) { code, length in
                var part = webhooks_bytes(bytes: info.baseAddress, length: info.count)
                guard let start = code.baseAddress else { return }
                length = webhooks_hmac_code(begun, &part, 1, start)
            }
        }
        return Array(code.prefix(count))
    }
}
