internal import Foundation
internal import WebhookCore

/// A secret, decoded for its scheme.
enum SigningKey: Sendable {
    case plain(String)
    case hmac(HMACKey)
    case ed25519(Ed25519Key)

    /// Decodes a secret's text.
    ///
    /// - Throws: an error that says what form the secret should have, and nothing of the secret.
    static func decode(_ secret: Secret, for scheme: SignatureScheme) throws(RenderingError) -> SigningKey {
        let text = secret.reveal()
        switch scheme.kind {
        case .plain:
            return .plain(text)
        case .hmacSHA1:
            return .hmac(try HMACKey(.sha1, key: try bytes(of: text, scheme.secretEncoding)))
        case .hmacSHA256:
            return .hmac(try HMACKey(.sha256, key: try bytes(of: text, scheme.secretEncoding)))
        case .hmacSHA512:
            return .hmac(try HMACKey(.sha512, key: try bytes(of: text, scheme.secretEncoding)))
        case .ed25519:
            if text.hasPrefix(StandardWebhooks.signingKeyPrefix) { return try StandardWebhooks.key(text) }
            return .ed25519(try privateKey(try bytes(of: text, scheme.secretEncoding)))
        case .standardWebhooks:
            return try StandardWebhooks.key(text)
        }
    }

    /// An Ed25519 key from its seed (32 bytes), or seed and public key (64 bytes).
    static func privateKey(_ bytes: [UInt8]) throws(RenderingError) -> Ed25519Key {
        guard bytes.count == 32 || bytes.count == 64, let key = Ed25519Key(seed: bytes.prefix(32)) else {
            throw RenderingError("an Ed25519 key must be 32 bytes (seed) or 64 bytes (seed and public key)")
        }
        guard bytes.count == 32 || key.publicKey.elementsEqual(bytes.suffix(32)) else {
            throw RenderingError("the halves of an Ed25519 key don't belong together")
        }
        return key
    }

    private static func bytes(
        of text: String,
        _ encoding: SignatureScheme.SecretEncoding
    ) throws(RenderingError) -> [UInt8] {
        let bytes: [UInt8]?
        switch encoding {
        case .text: bytes = Array(text.utf8)
        case .base64: bytes = Data(base64Encoded: text).map { Array($0) }
        case .hex: bytes = Hex.decode(text)
        }
        guard let bytes, !bytes.isEmpty else {
            throw RenderingError("a signing secret is empty or not in \(encoding), as the profile wants it")
        }
        return bytes
    }
}

/// Bytes as hexadecimal digits.
enum Hex {
    /// Lower-case digits.
    static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits: StaticString = "0123456789abcdef"
        var output: [UInt8] = []
        for byte in bytes {
            output.append(digits.utf8Start[Int(byte >> 4)])
            output.append(digits.utf8Start[Int(byte & 15)])
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// Reads digits of either case; `nil` for anything else.
    static func decode(_ text: String) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}
