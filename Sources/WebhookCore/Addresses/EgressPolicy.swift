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
}

/// An exception: a network with or without a port, or one host and port.
public enum EgressRule: Sendable, Hashable {
    /// `CIDR` or `CIDR:port`.
    case network(Network, port: UInt16?)
    /// `host:port`, by name.
    case host(String, port: UInt16)
}

/// A proxy that tunnels (CONNECT) to the address vetted here.
public struct EgressProxy: Sendable, Hashable {
    public var host: String
    public var port: UInt16
    /// Whether the connection to the proxy itself is TLS.
    public var isTLS: Bool
    public var username: String?
    public var password: Secret?

    public init(host: String, port: UInt16, isTLS: Bool = false, username: String? = nil, password: Secret? = nil) {
        self.host = host
        self.port = port
        self.isTLS = isTLS
        self.username = username
        self.password = password
    }
}

/// A network in CIDR notation (RFC 4632, RFC 4291).
public struct Network: Sendable, Hashable {
    public var address: IPAddress
    public var prefixLength: Int

    public init(address: IPAddress, prefixLength: Int) {
        self.address = address
        self.prefixLength = prefixLength
    }
}
