internal import WebhookCore

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
