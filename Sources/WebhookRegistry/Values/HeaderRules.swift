internal import WebhookCore

/// What a header's name and value may be (RFC 9110, sections 5.1, 5.5 and 5.6.2).
enum HeaderRules {
    /// Names that the HTTP layer owns, in lower case.
    static let reserved: Set<String> = [
        "host", "content-length", "content-type", "content-encoding", "transfer-encoding", "expect",
        // For one hop alone (RFC 9110 section 7.6.1), and forbidden under HTTP/2.
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
        "upgrade", "http2-settings",
    ]

    /// Whether a name is a token.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 256
            && name.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains($0)
                }
            }
    }

    /// Why a name can't be configured, or `nil`.
    static func problem(ofName name: String) -> String? {
        guard isName(name) else { return "this is not a header's name: letters, digits and - (RFC 9110)" }
        guard reserved.contains(name.lowercased()) else { return nil }
        let hint = name.lowercased() == "content-type" ? "; choose it with `contentType`" : ""
        return "the header \(name) cannot be configured: it is set by HTTP itself\(hint)"
    }

    /// Why a value can't be sent, or `nil`. Never quotes it.
    static func problem(ofValue value: String, named name: String) -> String? {
        guard isValue(value) else { return SourceReader.controlCharacters(name) }
        return value.utf8.count <= HTTPHeader.maxValueSize ? nil : "\(name) is longer than 16 KiB"
    }

    /// Whether a value holds no control characters (C0, DEL, C1).
    static func isValue(_ value: String) -> Bool { HTTPHeader.isValid(value) }
}
