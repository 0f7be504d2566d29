internal import WebhookCore

/// A URL taken apart: every character is checked, the host is not yet.
struct URLParts {
    var scheme: EndpointURL.Scheme
    /// The part before `@`, still encoded.
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
                guard PercentEncoding.byte(at: index, of: bytes) != nil else { throw .percent }
            default:
                guard "-._~!$&'()*+,;=:@/?".utf8.contains(byte) else { throw .characters }
            }
        }
    }
}

extension String {
    /// The range in which an ASCII text first stands.
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

/// Host and port of a URL, checked and normalised.
struct URLAuthority: Equatable {
    /// Without brackets: a name in lower case, or an address in its usual spelling.
    var host: String
    /// The address that the host stands for, where it is a literal in any spelling.
    var address: IPAddress?
    var port: UInt16?

    /// Reads `host` or `host:port`.
    init(_ text: Substring) throws(URLProblem) {
        let hostText: Substring
        let portText: Substring?
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.utf8.firstIndex(of: UInt8(ascii: "]")) else { throw .brackets }
            hostText = text[text.utf8.index(after: text.startIndex)..<end]
            let rest = text[text.utf8.index(after: end)...]
            guard rest.isEmpty || rest.utf8.first == UInt8(ascii: ":") else { throw .brackets }
            portText = rest.isEmpty ? nil : rest.dropFirst()
            guard !hostText.utf8.contains(UInt8(ascii: "%")) else { throw .zone }
            guard let address = IPAddress(String(hostText)), case .v6 = address else { throw .brackets }
            self.address = address
            host = address.description
        } else {
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            hostText = parts[0]
            portText = parts.count == 2 ? parts[1] : nil
            if portText?.utf8.contains(UInt8(ascii: ":")) == true { throw .brackets }
            (host, address) = try Self.name(String(hostText))
        }
        port = nil
        if let portText {
            guard !portText.isEmpty, portText.utf8.count <= 5,
                portText.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
                let number = UInt16(portText), number > 0
            else { throw .port }
            port = number
        }
    }

    /// A name, or an IPv4 address in any spelling that a resolver takes for one.
    private static func name(_ text: String) throws(URLProblem) -> (String, IPAddress?) {
        guard !text.isEmpty else { throw .noHost }
        guard !text.utf8.contains(UInt8(ascii: "%")) else { throw .encodedHost }
        let name = text.lowercased()
        guard name.utf8.last != UInt8(ascii: ".") else { throw .trailingDot }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel) else { throw .host }
        if let address = IPAddress(literalHost: name) { return (address.description, address) }
        // A last label that is a number makes an address or nothing (WHATWG URL, section 3.5).
        if let last = labels.last, looksNumeric(last) { throw .badAddress }
        return (name, nil)
    }

    private static func isLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
            && label.utf8.last != UInt8(ascii: "-")
            && label.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func looksNumeric(_ label: Substring) -> Bool {
        let digits = label.hasPrefix("0x") ? label.dropFirst(2) : label
        return digits.utf8.allSatisfy {
            $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
                || label.hasPrefix("0x") && $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "f")
        }
    }
}

/// The reason why a text is not a URL that may be used, to go on "`url` …". None quotes the URL.
struct URLProblem: Error, Sendable, Hashable, CustomStringConvertible {
    let description: String

    static let syntax = URLProblem(description: "must be a URL such as https://crm.example.com/hooks")
    static let scheme = URLProblem(description: "must begin with https:// or http://")
    static let whiteSpace = URLProblem(description: "holds a space, a tab, a line break or another control character")
    static let backslash = URLProblem(description: "holds a backslash; write /")
    static let userinfo = URLProblem(
        description: "holds a user name or password before the host; use `basicAuth`, and write @ elsewhere as %40"
    )
    static let fragment = URLProblem(description: "holds a fragment (#…), which is never sent; write # as %23")
    static let noHost = URLProblem(description: "has no host")
    static let host = URLProblem(description: "has a host that is neither a DNS name nor an address")
    static let encodedHost = URLProblem(description: "has a percent-encoded host; write it plainly")
    static let foreignHost = URLProblem(
        description: "has a host with characters outside ASCII; write it in its xn--… form (punycode)"
    )
    static let foreignTarget = URLProblem(description: "holds characters outside ASCII; percent-encode them as UTF-8")
    static let trailingDot = URLProblem(description: "has a host that ends with a dot; leave the dot out")
    static let badAddress = URLProblem(description: "has a host that looks like an address and is none")
    static let zone = URLProblem(description: "has an IPv6 address with a zone (%…), which means nothing elsewhere")
    static let brackets = URLProblem(description: "must have an IPv6 address in brackets: https://[2001:db8::1]:8443/")
    static let port = URLProblem(description: "has a port that is not a number from 1 to 65535")
    static let characters = URLProblem(
        description: "holds a character that a URL cannot (RFC 3986); percent-encode it after the host"
    )
    static let percent = URLProblem(description: "holds a % without two hexadecimal digits; write it as %25")
    static let tooLong = URLProblem(description: "is longer than 8000 bytes")
}
