internal import WebhookCore

/// A URL taken apart: every character is checked, the host is not yet.
struct URLParts {
    var scheme: EndpointURL.Scheme
    /// What stands before `@`, still encoded.
    var userinfo: Substring?
    /// Host and port.
    var host: Substring
    /// Path and query, beginning with `/`.
    var target: String

    var hasUserinfo: Bool { userinfo != nil }

    init(_ text: String) throws(URLProblem) {
        guard text.utf8.count <= 8000 else { throw .tooLong }
        guard !text.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else { throw .whiteSpace }
        guard let colon = text.range(ofASCII: "://") else { throw Self.schemeProblem(text) }
        switch text[..<colon.lowerBound].lowercased() {
        case "http": scheme = .http
        case "https": scheme = .https
        default: throw .scheme
        }
        let rest = text[colon.upperBound...]
        guard !rest.utf8.contains(UInt8(ascii: "\\")) else { throw .backslash }
        let end = rest.utf8.firstIndex { [UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
        let authority = rest[..<(end ?? rest.endIndex)]
        let tail = rest[(end ?? rest.endIndex)...]
        guard authority.utf8.allSatisfy({ $0 < 0x80 }) else { throw .foreignHost }
        guard tail.utf8.allSatisfy({ $0 < 0x80 }) else { throw .foreignTarget }
        guard !tail.utf8.contains(UInt8(ascii: "#")) else { throw .fragment }
        if let at = authority.utf8.lastIndex(of: UInt8(ascii: "@")) {
            userinfo = authority[..<at]
            host = authority[authority.utf8.index(after: at)...]
        } else {
            userinfo = nil
            host = authority
        }
        try Self.checkTarget(tail)
        target = tail.utf8.first == UInt8(ascii: "/") ? String(tail) : "/\(tail)"
    }

    private static func schemeProblem(_ text: String) -> URLProblem {
        let lower = text.lowercased()
        if lower.hasPrefix("http:") || lower.hasPrefix("https:") { return .syntax }
        return .scheme
    }

    /// `pchar`, `/` and `?` of RFC 3986.
    private static func checkTarget(_ tail: Substring) throws(URLProblem) {
        let bytes = Array(tail.utf8)
        for (index, byte) in bytes.enumerated() {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                continue
            case UInt8(ascii: "%"):
                guard index + 2 < bytes.count, isHex(bytes[index + 1]), isHex(bytes[index + 2]) else { throw .percent }
            default:
                guard "-._~!$&'()*+,;=:@/?".utf8.contains(byte) else { throw .characters }
            }
        }
    }

    static func isHex(_ byte: UInt8) -> Bool { Character(Unicode.Scalar(byte)).isHexDigit }
}

extension String {
    /// Where an ASCII text first stands.
    fileprivate func range(ofASCII part: StaticString) -> Range<Index>? {
        let wanted = part.withUTF8Buffer { Array($0) }
        var index = startIndex
        while index < endIndex {
            if utf8[index...].starts(with: wanted) {
                return index..<utf8.index(index, offsetBy: wanted.count)
            }
            index = utf8.index(after: index)
        }
        return nil
    }
}
