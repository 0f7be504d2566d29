import Crypto
import Foundation

/// Writes TLS 1.3 records by hand, in place of a server's library: whatever a receiver may put into them.
struct TLSRecords {
    /// What a record holds.
    enum Content: UInt8 {
        case handshake = 22
        case data = 23
    }

    /// Session tickets of the smallest size, as many as a record takes.
    static let tickets = [UInt8](
        repeatElement([4, 0, 0, 14, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], count: 890).joined()
    )

    private var secret: SymmetricKey
    private var key: SymmetricKey
    private var iv: [UInt8]
    private var sequence: UInt64 = 0

    /// - Parameter secret: the server's first application traffic secret, under TLS_AES_128_GCM_SHA256.
    init(secret: [UInt8]) {
        self.secret = SymmetricKey(data: secret)
        (key, iv) = Self.keys(self.secret)
    }

    /// One record.
    mutating func record(_ type: Content, _ content: [UInt8]) throws -> [UInt8] {
        let length = content.count + 1 + 16
        let header: [UInt8] = [23, 3, 3, UInt8(length >> 8), UInt8(length & 0xFF)]
        var nonce = iv
        for index in 0..<8 { nonce[4 + index] ^= UInt8(truncatingIfNeeded: sequence >> UInt64(56 - 8 * index)) }
        sequence += 1
        let sealed = try AES.GCM.seal(
            content + [type.rawValue],
            using: key,
            nonce: AES.GCM.Nonce(data: nonce),
            authenticating: header
        )
        return header + sealed.ciphertext + sealed.tag
    }

    /// A change of keys (RFC 8446 section 4.6.3).
    mutating func keyUpdate() throws -> [UInt8] {
        let update = try record(.handshake, [24, 0, 0, 1, 0])
        secret = Self.expand(secret, "traffic upd", 32)
        (key, iv) = Self.keys(secret)
        sequence = 0
        return update
    }

    private static func keys(_ secret: SymmetricKey) -> (SymmetricKey, [UInt8]) {
        (expand(secret, "key", 16), expand(secret, "iv", 12).withUnsafeBytes { Array($0) })
    }

    private static func expand(_ secret: SymmetricKey, _ label: String, _ count: Int) -> SymmetricKey {
        let label = Array("tls13 \(label)".utf8)
        let info = [0, UInt8(count), UInt8(label.count)] + label + [0]
        return HKDF<SHA256>.expand(pseudoRandomKey: secret, info: info, outputByteCount: count)
    }
}
