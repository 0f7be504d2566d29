/// An address to listen on, as `host:port`.
package struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An IPv4 or IPv6 literal.
    package let host: String
    package let port: UInt16
    let address: IPAddress

    /// Reads `127.0.0.1:9464`, `[::1]:9464` or `localhost:9464`; `nil` for anything else.
    package init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else {
            return nil
        }
        guard let host = HostField.literal(String(text[..<colon]), localhost: "127.0.0.1") else { return nil }
        guard let address = IPAddress(host) else { return nil }
        self.init(host, port, address)
    }

    private init(_ host: String, _ port: UInt16, _ address: IPAddress) {
        (self.host, self.port, self.address) = (host, port, address)
    }

    /// The same with the port that the system has given.
    package func replacing(port: UInt16) -> ListenAddress { ListenAddress(host, port, address) }

    /// True when only this machine reaches it.
    package var isLoopback: Bool { address.isLoopback }

    /// True when it stands for every address of the machine.
    var isWildcard: Bool {
        switch address {
        case .v4(let bits): bits == 0
        case .v6(let high, let low): high == 0 && low == 0
        }
    }

    /// As a URL has it.
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

extension IPAddress {
    package var isLoopback: Bool {
        switch self {
        case .v4(let bits): bits >> 24 == 127
        case .v6(let high, let low): high == 0 && low == 1
        }
    }
}

/// The value of a `Host` field.
package enum HostField {
    /// Tells whether a request with this field is meant for a server at an address.
    ///
    /// A page of any site can have its own name resolve to this machine, and a browser then takes what it reads here for
    /// the site's (DNS rebinding). So names are refused, other than `localhost`; an address is nobody's name.
    package static func isAllowed(_ value: String, for address: ListenAddress) -> Bool {
        guard let host = literal(withoutPort(value), localhost: "127.0.0.1"), let named = IPAddress(host) else {
            return false
        }
        return named.isLoopback || named == address.address || address.isWildcard
    }

    private static func withoutPort(_ value: String) -> String {
        if value.hasPrefix("[") {
            guard let end = value.lastIndex(of: "]") else { return value }
            let rest = value[value.index(after: end)...]
            return rest.isEmpty || isPort(rest) ? String(value[...end]) : ""
        }
        guard let colon = value.firstIndex(of: ":") else { return value }
        return isPort(value[colon...]) ? String(value[..<colon]) : ""
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.first == ":" && text.count <= 6 && text.dropFirst().utf8.allSatisfy { (0x30...0x39).contains($0) }
    }

    /// An address literal without its brackets, which an IPv6 address must have and no other may; `nil` for a name.
    static func literal(_ text: String, localhost: String) -> String? {
        if text.lowercased() == "localhost" { return localhost }
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = String(text.dropFirst().dropLast())
            return inner.contains(":") ? inner : nil
        }
        return text.contains(":") ? nil : text
    }
}
