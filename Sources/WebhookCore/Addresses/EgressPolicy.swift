/// The rules for addresses: public ones may be reached, and those that the operator allows by name.
public struct EgressPolicy: Sendable, Hashable {
    /// Exceptions: rules for what may be reached although private, or over plain HTTP under an HTTPS-only profile.
    package var allow: [EgressRule]
    /// The proxy that every request goes through; `nil` for direct connections.
    public var proxy: Proxy?

    /// Makes a policy by which public addresses alone are reached, directly.
    public init() { self.init(allow: [EgressRule]()) }

    /// Makes a policy by which public addresses alone are reached, through a proxy.
    public init(proxy: Proxy) { self.init(allow: [EgressRule](), proxy: proxy) }

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - allow: exceptions, each as an entry of `egress.allow`: `10.0.0.0/8`, `10.0.0.0/8:8080`, `crm.internal:8080`.
    ///   - proxy: that every request goes through; `nil` for direct connections.
    /// - Throws: ``WebhooksError`` with `configuration` for a text that is no exception.
    public init(allow: [String], proxy: Proxy? = nil) throws(WebhooksError) {
        var rules: [EgressRule] = []
        for text in allow {
            do throws(EgressRuleError) {
                rules.append(try EgressRule(text))
            } catch {
                throw WebhooksError(.configuration, "`egress.allow`: \(error.description)")
            }
        }
        self.init(allow: rules, proxy: proxy)
    }

    package init(allow: [EgressRule], proxy: Proxy? = nil) {
        self.allow = allow
        self.proxy = proxy
    }

    /// Tells whether a connection to `address` and `port` may be made for a URL that names `host`.
    ///
    /// - Parameter host: the URL's host without brackets, a name or a literal.
    package func permits(_ address: IPAddress, port: UInt16, host: String) -> Bool {
        address.isPublic || allows(address, port: port, host: host)
    }

    private func allows(_ address: IPAddress, port: UInt16, host: String) -> Bool {
        // The networks first, for a name has to be made ready for its comparison.
        if allow.contains(where: { $0.covers(address, port: port) }) { return true }
        let name = HostName.canonical(host)
        return allow.contains { $0.names(name, port: port) }
    }

    /// The reason why a connection is denied, in a few words for a log: `127.0.0.1 is loopback (RFC 1122)`. `nil` where
    /// it is permitted.
    package func refusal(of address: IPAddress, port: UInt16, host: String) -> String? {
        guard let refusal = Self.standardRefusal(of: address) else { return nil }
        return allows(address, port: port, host: host) ? nil : refusal
    }

    /// Why an address is out of reach unless a rule lists it; `nil` for a public one.
    package static func standardRefusal(of address: IPAddress) -> String? {
        SpecialPurposeNetworks.reason(against: address).map { "\(address) is \($0)" }
    }

    /// Tells whether a URL may be plain HTTP although its profile demands HTTPS: a rule names its host and port, or
    /// covers the address that stands in the URL. A name is not resolved for this.
    package func permitsPlainHTTP(host: String, port: UInt16) -> Bool {
        let name = HostName.canonical(host)
        let address = IPAddress(literalHost: host)
        return allow.contains { rule in
            rule.names(name, port: port) || address.map { rule.covers($0, port: port) } ?? false
        }
    }
}

extension EgressRule {
    /// Tells whether the rule is a network with this address. One of IPv4 covers the IPv4-mapped spelling too.
    fileprivate func covers(_ address: IPAddress, port: UInt16) -> Bool {
        guard case .network(let network, let only) = target, only == nil || only == port else { return false }
        return network.contains(address) || address.mappedIPv4.map(network.contains) ?? false
    }

    /// Tells whether the rule names this host, given in its canonical form.
    fileprivate func names(_ host: String, port: UInt16) -> Bool {
        if case .host(let name, let only) = target { name == host && only == port } else { false }
    }
}

/// An exception from the egress policy: a network with or without a port, or one host and port.
package struct EgressRule: Sendable, Hashable {
    package enum Target: Sendable, Hashable {
        /// `CIDR` or `CIDR:port`.
        case network(Network, port: UInt16?)
        /// `host:port`, by name: lower case, without a trailing dot.
        case host(String, port: UInt16)
    }

    package let target: Target

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
    package init(_ text: String) throws(EgressRuleError) {
        if let network = Network(text) {
            target = .network(network, port: nil)
            return
        }
        if text.utf8.first == UInt8(ascii: "[") {
            guard let end = text.firstIndex(of: "]"),
                let network = Network(String(text[text.index(after: text.startIndex)..<end])),
                network.address.bitWidth == 128
            else { throw EgressRuleError(text) }
            let rest = text[text.index(after: end)...]
            if rest.isEmpty {
                target = .network(network, port: nil)
            } else if rest.first == ":", let port = Self.port(rest.dropFirst()) {
                target = .network(network, port: port)
            } else {
                throw EgressRuleError(text)
            }
            return
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let port = Self.port(parts[1]) else { throw EgressRuleError(text) }
        let host = String(parts[0])
        if let network = Network(host) {
            target = .network(network, port: port)
        } else if Self.isName(host), IPAddress(literalHost: host) == nil {
            target = .host(HostName.canonical(host), port: port)
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
package struct EgressRuleError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The mistake, and the form of a rule.
    package let description: String

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

extension EgressPolicy {
    /// A proxy that tunnels (CONNECT) to the address vetted here.
    public struct Proxy: Sendable, Hashable {
        /// The proxy's name or address, without brackets.
        public var host: String
        /// The proxy's port.
        public var port: UInt16
        /// Tells whether the connection to the proxy itself is TLS.
        public var isTLS: Bool
        /// The name for the proxy's own authentication; `nil` for none.
        public var username: String?
        /// The password beside ``username``.
        public var password: Secret?

        /// Makes a proxy; `isTLS` is about the connection to the proxy itself.
        public init(host: String, port: UInt16, isTLS: Bool = false, username: String? = nil, password: Secret? = nil) {
            self.host = host
            self.port = port
            self.isTLS = isTLS
            self.username = username
            self.password = password
        }
    }
}
