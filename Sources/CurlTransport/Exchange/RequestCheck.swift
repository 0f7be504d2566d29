internal import WebhookCore

/// The last look at a request before libcurl copies it to the wire as it stands.
enum RequestCheck {
    /// Why the request must not be sent, without its content; `nil` where it may.
    static func objection(to request: TransportRequest) -> String? {
        if !isVisible(request.url.target) { return "the URL holds a forbidden character" }
        if !isVisible(request.url.host) { return "the URL's host holds a forbidden character" }
        for header in request.headers {
            if !isToken(header.name) { return "a header's name holds a forbidden character" }
            // libcurl would copy a line break to the wire.
            if !isFieldValue(header.value) { return "a header's value holds a control character" }
            if isReserved(header.name) { return "a header is the transport's own: \(header.name)" }
        }
        return nil
    }

    /// Printable ASCII without the blank.
    private static func isVisible(_ text: String) -> Bool { all(text) { $0 > 0x20 && $0 < 0x7F } }

    /// RFC 9110 section 5.5. C1 controls are two bytes in UTF-8: 0xC2 and 0x80 to 0x9F.
    private static func isFieldValue(_ text: String) -> Bool {
        var previous: UInt8 = 0
        return all(text) { byte in
            defer { previous = byte }
            return (byte >= 0x20 && byte != 0x7F || byte == 0x09) && !(previous == 0xC2 && byte < 0xA0)
        }
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ text: String) -> Bool { !text.isEmpty && all(text) { tokenBytes[Int($0)] } }

    private static let tokenBytes: [Bool] = (0..<256).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(UInt8(byte))
        }
    }

    @inline(__always)
    private static func all(_ text: String, _ isAllowed: (UInt8) -> Bool) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            for byte in bytes where !isAllowed(byte) { return false }
            return true
        }
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
}
