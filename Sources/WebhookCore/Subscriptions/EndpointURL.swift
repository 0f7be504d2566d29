/// The URL that a subscription's requests go to: absolute, `http` or `https`, parsed and checked when it was loaded.
public struct EndpointURL: Sendable, Hashable {
    /// The scheme of a URL.
    public enum Scheme: String, Sendable, Hashable {
        /// Without encryption.
        case http
        /// Over TLS.
        case https
    }

    /// `http` or `https`.
    public var scheme: Scheme
    /// The host without brackets, lower case: a name in ASCII, or an address literal in its usual spelling.
    public var host: String
    /// The port, also where the text leaves it out.
    public var port: UInt16
    /// Path and query as they go into the request line, beginning with `/`.
    public var target: String
    /// Whether the URL came from the environment or a file: it is then shown as `scheme://host:port/***`.
    public var isSecret: Bool

    /// Makes a URL of its parts, which are checked with the subscription.
    public init(scheme: Scheme, host: String, port: UInt16, target: String, isSecret: Bool = false) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
        self.isSecret = isSecret
    }

    /// `host`, in brackets if it is an IPv6 address.
    public var bracketedHost: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }

    /// Whether the port is the scheme's own.
    public var hasDefaultPort: Bool { port == (scheme == .http ? 80 : 443) }

    /// The value of the `Host` header.
    public var hostHeader: String { hasDefaultPort ? bracketedHost : "\(bracketedHost):\(port)" }

    /// The whole URL, for the wire and for nothing else.
    public func reveal() -> String { "\(scheme.rawValue)://\(hostHeader)\(target)" }

    /// The URL as it may be shown.
    public var display: String {
        isSecret ? "\(scheme.rawValue)://\(bracketedHost):\(port)/***" : reveal()
    }
}

extension EndpointURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// ``display``, so that printing what holds a URL shows no secret one.
    public var description: String { display }
    /// The URL as it may be shown.
    public var debugDescription: String { display }
    /// A mirror without the parts: they may be secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
