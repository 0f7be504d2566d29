/// An exception from the egress policy: a network with or without a port, or one host and port.
public enum EgressRule: Sendable, Hashable {
    /// `CIDR` or `CIDR:port`.
    case network(Network, port: UInt16?)
    /// `host:port`, by name: lower case, without a trailing dot.
    case host(String, port: UInt16)

    /// Reads an entry of `egress.allow`, one of these:
    ///
    /// - `10.0.0.0/8`, `10.1.2.3`, `fd00::/8`, `fd00::1`: a network or one address, on every port;
    /// - `10.0.0.0/8:8080`, `10.1.2.3:8080`, `[fd00::/8]:443`, `[fd00::1]:443`: on one port;
    /// - `crm.internal:8080`: whatever address that name has, on that port.
    ///
    /// A name without a port is refused: it would open every port of the machine behind it. So is an address in a
    /// spelling that only `inet_aton(3)` takes.
    ///
    /// - Throws: ``EgressRuleError`` for everything else.
    public init(_ text: String) throws(EgressRuleError) {
        if let network = Network(text) {
            self = .network(network, port: nil)
            return
        }
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: "]"),
                let network = Network(String(text[text.index(after: text.startIndex)..<end])),
                network.address.bitWidth == 128
            else { throw EgressRuleError(text) }
            let rest = text[text.index(after: end)...]
            if rest.isEmpty {
                self = .network(network, port: nil)
            } else if rest.first == ":", let port = Self.port(rest.dropFirst()) {
                self = .network(network, port: port)
            } else {
                throw EgressRuleError(text)
            }
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let port = Self.port(parts[1]) else { throw EgressRuleError(text) }
        let host = String(parts[0])
        if let network = Network(host) {
            self = .network(network, port: port)
        } else if Self.isName(host), IPAddress(literalHost: host) == nil {
            self = .host(HostName.canonical(host), port: port)
        } else {
            throw EgressRuleError(text)
        }
    }

    private static func port(_ text: Substring) -> UInt16? {
        guard let value = DecimalText.number(text, upTo: 65_535), value > 0 else { return nil }
        return UInt16(value)
    }

    private static func isName(_ text: String) -> Bool {
        let name = HostName.canonical(text)
        return (1...253).contains(name.utf8.count)
            && name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { byte in
                        JSONScanner.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
                    }
            }
    }
}

/// A text that is no exception from the egress policy.
public struct EgressRuleError: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ text: String) {
        description =
            "\(text.prefix(64).debugDescription) is no network (10.0.0.0/8), no network and port (10.0.0.0/8:8080, "
            + "[fd00::/8]:443) and no host:port"
    }
}

/// Host names as they are compared.
enum HostName {
    /// Lower case, without the dot that ends a fully qualified name.
    static func canonical(_ name: String) -> String {
        let lower = name.lowercased()
        return lower.utf8.last == UInt8(ascii: ".") ? String(lower.dropLast()) : lower
    }
}
