/// A proxy that tunnels (CONNECT) to the address vetted here.
public struct EgressProxy: Sendable, Hashable {
    /// The proxy's name or address, without brackets.
    public var host: String
    /// The proxy's port.
    public var port: UInt16
    /// Whether the connection to the proxy itself is TLS.
    public var isTLS: Bool
    /// The name for the proxy's own authentication; `nil` for none.
    public var username: String?
    /// The password beside ``username``.
    public var password: Secret?

    public init(host: String, port: UInt16, isTLS: Bool = false, username: String? = nil, password: Secret? = nil) {
        self.host = host
        self.port = port
        self.isTLS = isTLS
        self.username = username
        self.password = password
    }
}
