internal import CWebhooksCrypto
internal import Foundation
package import WebhookCore

/// Keys that seal secrets in a store: the first seals, all open.
///
/// AES-256-GCM with a random nonce. The place of the secret is authenticated with it. What encrypts, and the id that names
/// the key, are both derived from the configured key (HMAC-SHA256), so that the id gives nothing of it away.
package struct SealingKeys: Sendable {
    private struct Key: Sendable {
        let id: String
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) throws(RenderingError) {
            let hmac = try HMACKey(.sha256, key: bytes)
            self.bytes = try hmac.code("webhooks sealing 1: encryption", .empty)
            id = Hex.encode(try hmac.code("webhooks sealing 1: key id", .empty).prefix(8))
        }
    }

    private static let nonceLength = 12
    private static let tagLength = 16

    private let keys: [Key]

    /// - Parameter keys: 32 bytes in base64 each.
    /// - Throws: ``SealingError`` where there is none, or one of them is no key.
    package init(_ keys: [Secret]) throws(SealingError) {
        var read: [Key] = []
        for (index, key) in keys.enumerated() {
            guard let data = Data(base64Encoded: key.reveal()), data.count == 32, let key = try? Key(Array(data)) else {
                throw .malformedKey(index + 1)
            }
            guard !read.contains(where: { $0.id == key.id }) else { throw .repeatedKey(index + 1) }
            read.append(key)
        }
        guard !read.isEmpty else { throw .noKey }
        self.keys = read
    }

    /// The id of the key that seals.
    package var currentID: String { keys[0].id }

    /// The ids of all keys, the current one first.
    package var ids: [String] { keys.map(\.id) }

    /// Seals a secret for its place.
    package func seal(_ secret: Secret, for place: SealedSecret.Place) throws(SealingError) -> SealedSecret {
        let plaintext = Array(secret.reveal().utf8)
        let nonce = RandomBytes.make(Self.nonceLength)
        let authenticated = Self.authenticated(place)
        let sealed = [UInt8](unsafeUninitializedCapacity: plaintext.count + Self.tagLength) { bytes, count in
            guard let start = bytes.baseAddress else { return }
            let done = keys[0].bytes.withUnsafeBytes { key in
                Self.withBytes(authenticated) { authenticated in
                    Self.withBytes(plaintext) {
                        webhooks_aes_gcm_seal(key.baseAddress!, key.count, nonce, authenticated, $0, start)
                    }
                }
            }
            count = done ? bytes.count : 0
        }
        guard !sealed.isEmpty else { throw .failed }
        return SealedSecret(keyID: keys[0].id, bytes: ByteString(nonce + sealed))
    }

    /// Opens a secret at its place.
    ///
    /// - Throws: ``SealingError`` where its key is not known, or it was changed or moved.
    package func open(_ sealed: SealedSecret, at place: SealedSecret.Place) throws(SealingError) -> Secret {
        guard let key = keys.first(where: { $0.id == sealed.keyID }) else { throw .unknownKey(id: sealed.keyID) }
        let bytes = sealed.bytes.bytes
        guard bytes.count >= Self.nonceLength + Self.tagLength else { throw .damaged(place) }
        let nonce = Array(bytes.prefix(Self.nonceLength))
        let content = Array(bytes.dropFirst(Self.nonceLength))
        let authenticated = Self.authenticated(place)
        var isOpen = false
        // A secret may be empty: room for one byte more gives an address in any case.
        let plaintext = [UInt8](unsafeUninitializedCapacity: content.count - Self.tagLength + 1) { bytes, count in
            guard let start = bytes.baseAddress else { return }
            isOpen = key.bytes.withUnsafeBytes { key in
                Self.withBytes(authenticated) { authenticated in
                    Self.withBytes(content) {
                        webhooks_aes_gcm_open(key.baseAddress!, key.count, nonce, authenticated, $0, start)
                    }
                }
            }
            count = isOpen ? content.count - Self.tagLength : 0
        }
        guard isOpen, let text = String(validating: plaintext, as: UTF8.self) else { throw .damaged(place) }
        return Secret(text)
    }

    /// A place as bytes, each part behind its length: no two places have the same.
    private static func authenticated(_ place: SealedSecret.Place) -> [UInt8] {
        [place.table, place.row, place.column].flatMap { part in
            (0..<4).map { UInt8(truncatingIfNeeded: part.utf8.count >> (8 * $0)) } + Array(part.utf8)
        }
    }

    private static func withBytes<Result>(_ bytes: [UInt8], _ body: (webhooks_bytes) -> Result) -> Result {
        bytes.withUnsafeBytes { body(webhooks_bytes(bytes: $0.baseAddress, length: $0.count)) }
    }
}

extension SealingKeys: CustomStringConvertible, CustomReflectable {
    /// The keys' ids, and nothing of the keys.
    package var description: String { "SealingKeys(\(ids.joined(separator: ", ")))" }
    package var customMirror: Mirror { Mirror(self, children: ["ids": ids]) }
}

extension SealingKeys {
    /// A new key: 32 random bytes in base64.
    package static func generateKey() -> Secret { Secret(Data(RandomBytes.make(32)).base64EncodedString()) }

    /// A new token for the HTTP API: 32 random bytes, in letters that any header and URL takes.
    package static func generateToken() -> Secret {
        let text = Data(RandomBytes.make(32)).base64EncodedString()
        return Secret(text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""))
    }
}
