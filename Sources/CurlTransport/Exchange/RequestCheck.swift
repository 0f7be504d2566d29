internal import WebhookCore

/// The last look at a request before libcurl copies it to the wire as it stands.
enum RequestCheck {
    /// Why the request must not be sent, without its content; `nil` where it may.
    static func objection(to request: TransportRequest) -> String? {
        if !isClean(request.url.target.utf8, allowed: 0x21...0x7E) { return "the URL holds a forbidden character" }
        if !isClean(request.url.host.utf8, allowed: 0x21...0x7E) { return "the URL's host holds a forbidden character" }
        for header in request.headers {
            guard !header.name.isEmpty, header.name.utf8.allSatisfy(isTokenCharacter) else {
                return "a header's name holds a forbidden character"
            }
            // RFC 9110 section 5.5; libcurl would copy a line break to the wire.
            guard header.value.utf8.allSatisfy({ $0 == 0x09 || $0 >= 0x20 && $0 != 0x7F }) else {
                return "a header's value holds a control character"
            }
            if isReserved(header.name) { return "a header is the transport's own: \(header.name)" }
        }
        return nil
    }

    private static func isClean(_ text: String.UTF8View, allowed: ClosedRange<UInt8>) -> Bool {
        text.allSatisfy(allowed.contains)
    }

    private static func isReserved(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.lowercased() == "host"
        case 6: name.lowercased() == "expect"
        case 14: name.lowercased() == "content-length"
        case 17: name.lowercased() == "transfer-encoding"
        default: false
        }
    }

    /// RFC 9110 section 5.6.2.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
