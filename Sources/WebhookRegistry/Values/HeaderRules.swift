internal import WebhookCore

/// What a header's name and value may be (RFC 9110, sections 5.1, 5.5 and 5.6.2).
enum HeaderRules {
    /// Names that the HTTP layer owns, in lower case.
    static let reserved: Set<String> = [
        "host", "content-length", "content-type", "transfer-encoding", "connection", "expect", "te", "upgrade",
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

    /// Whether a value holds no control characters (C0, DEL, C1).
    static func isValue(_ value: String) -> Bool { HTTPHeader.isValid(value) }
}
