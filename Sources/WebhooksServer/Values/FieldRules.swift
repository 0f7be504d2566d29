internal import WebhookCore

/// The rules for names and ids; each says what is wrong with a text, or nothing.
enum FieldRules {
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
    }

    /// A platform's own id, which must not look like one of ours.
    static func uid(notLike prefix: String) -> (String) -> String? {
        { text in
            guard (1...256).contains(text.utf8.count), text.utf8.allSatisfy(isNameByte) else {
                return "must be 1 to 256 letters, digits, '-', '_' and '.'"
            }
            // Clients take such a segment out of a path before they send it: a request about it would be one about its parent.
            if text == "." || text == ".." { return "must not be . or .., which a path can't hold" }
            return text.hasPrefix(prefix) ? "must not begin with \(prefix), as the ids of this server do" : nil
        }
    }

    /// A name or description for people.
    static func label(_ range: ClosedRange<Int>) -> (String) -> String? {
        { text in
            if text.unicodeScalars.contains(where: { $0.value <= 8 }) { return "must not hold control characters" }
            return range.contains(text.utf8.count)
                ? nil : "must have \(range.lowerBound) to \(range.upperBound) bytes"
        }
    }

    /// An id or uid of something that should be there.
    static func reference(_ text: String) -> String? {
        (1...256).contains(text.utf8.count) ? nil : "has no or more than 256 bytes"
    }

    static func session(_ text: String) -> String? {
        (1...64).contains(text.utf8.count) ? nil : "must have 1 to 64 bytes"
    }

    static func eventType(_ text: String) -> String? {
        guard (1...256).contains(text.utf8.count), text.utf8.allSatisfy(isNameByte) else {
            return "must be 1 to 256 letters, digits, '-', '_' and '.'"
        }
        return Topic.isValid(text)
            ? nil : "must be a topic: segments of letters, digits, _ and -, joined by single dots"
    }

    /// The type of a message: not one of the dispatcher's own events, whose readers rely on them.
    static func messageType(_ text: String) -> String? {
        if OperationalTopic.isOperational(text) { return "must not begin with webhooks.: the dispatcher's own do" }
        return eventType(text)
    }

    static func group(_ text: String) -> String? {
        (1...256).contains(text.utf8.count) && text.utf8.allSatisfy(isNameByte)
            ? nil : "must be 1 to 256 letters, digits, '-', '_' and '.'"
    }

    static func channel(_ text: String) -> String? { ChannelName.problem(text) }

    static func tag(_ text: String) -> String? {
        let isFit = text.utf8.allSatisfy { isNameByte($0) || "/\\#".utf8.contains($0) }
        return isFit && (1...128).contains(text.utf8.count)
            ? nil : "is no tag: 1 to 128 letters, digits and - _ . / \\ #"
    }

    // MARK: Endpoints

    /// A signing secret that a client gives; its form is judged by the profile.
    static func signingSecret(_ text: String) -> String? {
        text.hasPrefix("whsk_") ? "must be a secret whsec_…: key pairs (whsk_…) are not offered" : nil
    }

    /// Names that HTTP or this server sets.
    private static let reservedHeaders: Set<String> = [
        "user-agent", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailers", "transfer-encoding",
        "upgrade", "age", "cache-control", "clear-site-data", "expires", "pragma", "warning", "content-length",
        "content-type", "content-encoding", "content-language", "content-location", "host", "connection",
    ]
    private static let reservedHeaderPrefixes = [
        "x-amz-", "x-amzn-", "x-google", "x-goog-", "x-gfe", "x-azure-", "x-fd-", "x-svix-", "svix-", "webhook-",
    ]

    static func headerName(_ name: String) -> String? {
        let isToken = name.utf8.allSatisfy { byte in
            let lower = byte | 0x20
            return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
                || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
        guard isToken, (1...256).contains(name.utf8.count) else {
            return "is no header's name: letters, digits and - (RFC 9110)"
        }
        // Receivers behind CGI or WSGI don't tell `_` from `-`.
        let lower = name.lowercased().replacing("_", with: "-")
        if reservedHeaders.contains(lower) { return "is set by HTTP or by this server" }
        if let prefix = reservedHeaderPrefixes.first(where: { lower.hasPrefix($0) }) {
            return "must not begin with \(prefix)"
        }
        return nil
    }

    /// Never quotes the value.
    static func headerValue(_ value: String) -> String? {
        guard value.utf8.count <= 4096 else { return "has a value of more than 4096 bytes" }
        let isVisible = value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F || $0 == 0x09 }
        return isVisible ? nil : "has a value with other than visible characters"
    }
}
