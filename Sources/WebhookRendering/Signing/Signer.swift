internal import Foundation
package import WebhookCore

/// Signs requests by a profile's scheme with a subscription's secrets.
///
/// Keys are decoded once, when the signer is made. The first secret is the current one; where the scheme puts several
/// signatures side by side, the others sign too, so that a receiver can change over in its own time.
package struct Signer: Sendable {
    private let scheme: SignatureScheme
    /// The names of its headers.
    private let headerNames: [String]
    private let keys: [SigningKey]
    /// Keys that sign beside, each until its time has come.
    private let retiring: [(key: SigningKey, until: Timestamp)]
    /// The target, where parts of it are signed.
    private let url: EndpointURL?

    /// Prepares signing.
    ///
    /// - Throws: ``RenderingError`` where a secret is missing or can't be decoded as the scheme wants it.
    package init(
        scheme: SignatureScheme,
        secrets: [Secret],
        retiring: [RetiringSecret] = [],
        url: EndpointURL? = nil
    ) throws(RenderingError) {
        self.url = url
        self.scheme = scheme
        headerNames = scheme.headerNames
        if secrets.isEmpty && scheme.requiresSecret { throw RenderingError("the profile requires a signing secret") }
        // A header for one signature carries the current secret's.
        var keys: [SigningKey] = []
        for secret in scheme.usesEverySecret ? secrets : Array(secrets.prefix(1)) {
            keys.append(try SigningKey.decode(secret, for: scheme))
        }
        self.keys = keys
        var older: [(key: SigningKey, until: Timestamp)] = []
        for retiring in scheme.usesEverySecret && !keys.isEmpty ? retiring : [] {
            older.append((try SigningKey.decode(retiring.secret, for: scheme), retiring.until))
        }
        self.retiring = older
    }

    /// True when the header carries the secret itself, so that it must not be shown.
    package var revealsSecret: Bool { scheme.kind == .plain }

    /// The headers of one attempt; none where there is no secret.
    ///
    /// - Parameters:
    ///   - id: the event's id.
    ///   - instant: the attempt's time; a key that is replaced signs until the end of its own, to the millisecond.
    ///   - body: the exact body.
    /// - Throws: ``RenderingError`` where the id holds a dot and what is signed begins with it.
    package func headers(id: String, at instant: Timestamp, body: ByteString) throws(RenderingError) -> [HTTPHeader] {
        let (keys, timestamp) = (keys(at: instant), instant.unixSeconds)
        guard !keys.isEmpty else { return [] }
        if scheme.beginsWithID { try StandardWebhooks.checkID(id) }
        if scheme.kind == .standardWebhooks {
            var signatures: [String] = []
            for key in keys { signatures.append(try StandardWebhooks.signature(id, timestamp, body, key)) }
            let signature = signatures.count == 1 ? signatures[0] : signatures.joined(separator: " ")
            let values = [id, String(timestamp), signature]
            return headerNames.indices.map { HTTPHeader(headerNames[$0], values[$0 % values.count]) }
        }
        let (prefix, suffix) = contentAroundBody(id, timestamp)
        var signatures: [String] = []
        for key in keys { signatures.append(scheme.prefix + (try signature(prefix, body, suffix, key))) }
        let value = scheme.value
            .replacing("{timestamp}", with: String(timestamp))
            .replacing("{signatures}", with: signatures.joined(separator: scheme.separator ?? ""))
        return [HTTPHeader(scheme.header, value)]
    }

    /// The same for a time in Unix seconds.
    package func headers(id: String, timestamp: Int64, body: ByteString) throws(RenderingError) -> [HTTPHeader] {
        try headers(id: id, at: Timestamp(milliseconds: timestamp * 1000), body: body)
    }

    /// The keys that sign at a time.
    private func keys(at instant: Timestamp) -> [SigningKey] {
        guard !retiring.isEmpty else { return keys }
        return keys + retiring.filter { instant < $0.until }.map(\.key)
    }

    /// The texts that are signed before the body, and after it.
    private func contentAroundBody(_ id: String, _ timestamp: Int64) -> (String, String) {
        switch scheme.content {
        case .body: ("", "")
        case .timestampBody: ("\(timestamp).", "")
        case .idTimestampBody: ("\(id).\(timestamp).", "")
        case .parts(let before, let after): (fill(before, id, timestamp), fill(after, id, timestamp))
        }
    }

    /// Puts the names in. What is put in is not looked at again: a URL may hold braces.
    private func fill(_ text: String, _ id: String, _ timestamp: Int64) -> String {
        var filled = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            filled += rest[..<open]
            switch rest[rest.index(after: open)..<close] {
            case "id": filled += id
            case "timestamp": filled += String(timestamp)
            case "method": filled += "POST"
            case "url": filled += url?.reveal() ?? ""
            case "host": filled += url?.hostHeader ?? ""
            case "path": filled += url?.target ?? ""
            default: filled += rest[open...close]
            }
            rest = rest[rest.index(after: close)...]
        }
        return filled + rest
    }

    private func signature(
        _ prefix: String,
        _ body: ByteString,
        _ suffix: String,
        _ key: SigningKey
    ) throws(RenderingError) -> String {
        switch key {
        case .plain(let text): return text
        case .hmac(let key): return encode(try key.code(prefix, body, suffix))
        case .ed25519(let key): return encode(try Self.signature(prefix, body, key, suffix))
        }
    }

    private func encode(_ bytes: some Sequence<UInt8>) -> String {
        switch scheme.encoding {
        case .hex: Hex.encode(bytes)
        case .base64: Data(bytes).base64EncodedString()
        }
    }

    /// The Ed25519 signature (RFC 8032) of a prefix and a body, which it needs in one piece.
    static func signature(
        _ prefix: String,
        _ body: ByteString,
        _ key: Ed25519Key,
        _ suffix: String = ""
    ) throws(RenderingError) -> [UInt8] {
        guard let signature = key.signature(of: Array(prefix.utf8) + body.bytes + Array(suffix.utf8)) else {
            throw RenderingError("signing with Ed25519 failed")
        }
        return signature
    }
}

extension Signer: CustomStringConvertible, CustomReflectable {
    /// The kind of signature, and nothing of the keys.
    package var description: String { "Signer(\(scheme.kind))" }
    package var customMirror: Mirror { Mirror(self, children: ["kind": scheme.kind]) }
}
