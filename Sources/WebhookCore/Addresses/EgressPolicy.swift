/// Which addresses may be reached: public ones, and what the operator allows by name.
public struct EgressPolicy: Sendable, Hashable {
    /// What may be reached although private, or over plain HTTP under an HTTPS-only profile.
    public var allow: [EgressRule]
    /// The proxy that every request goes through; `nil` for direct connections.
    public var proxy: EgressProxy?

    public init(allow: [EgressRule] = [], proxy: EgressProxy? = nil) {
        self.allow = allow
        self.proxy = proxy
    }

    /// Whether a connection to `address` and `port` may be made for a URL that names `host`.
    ///
    /// - Parameter host: the URL's host without brackets, a name or a literal.
    public func permits(_ address: IPAddress, port: UInt16, host: String) -> Bool {
        refusal(of: address, port: port, host: host) == nil
    }

    /// Why a connection is denied, in a few words for a log: `127.0.0.1 is loopback (RFC 1122)`. `nil` where it is permitted.
    public func refusal(of address: IPAddress, port: UInt16, host: String) -> String? {
        guard let reason = SpecialPurposeNetworks.reason(against: address) else { return nil }
        let name = HostName.canonical(host)
        return allow.contains { $0.covers(address, port: port) || $0.names(name, port: port) }
            ? nil : "\(address) is \(reason)"
    }

    /// Whether a URL may be plain HTTP although its profile demands HTTPS: a rule names its host and port, or covers
    /// the address that stands in the URL. A name is not resolved for this.
    public func permitsPlainHTTP(host: String, port: UInt16) -> Bool {
        let name = HostName.canonical(host)
        let address = IPAddress(literalHost: host)
        return allow.contains { rule in
            rule.names(name, port: port) || address.map { rule.covers($0, port: port) } ?? false
        }
    }
}

extension EgressRule {
    /// Whether the rule is a network with this address. One of IPv4 covers the IPv4-mapped spelling too.
    fileprivate func covers(_ address: IPAddress, port: UInt16) -> Bool {
        guard case .network(let network, let only) = self, only == nil || only == port else { return false }
        return network.contains(address) || address.mappedIPv4.map(network.contains) ?? false
    }

    /// Whether the rule names this host, given in its canonical form.
    fileprivate func names(_ host: String, port: UInt16) -> Bool {
        if case .host(let name, let only) = self { name == host && only == port } else { false }
    }
}
