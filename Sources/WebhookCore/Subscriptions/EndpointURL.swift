/// The URL that a subscription's requests go to: absolute, `http` or `https`, parsed and checked when it was loaded.
package struct EndpointURL: Sendable, Hashable {
    /// The scheme of a URL.
    package enum Scheme: String, Sendable, Hashable {
        /// Without encryption.
        case http
        /// Over TLS.
        case https
    }

    /// `http` or `https`.
    package var scheme: Scheme
    /// The host without brackets, lower case: a name in ASCII, or an address literal in its usual spelling.
    package var host: String
    /// The port, also where the text leaves it out.
    package var port: UInt16
    /// Path and query as they go into the request line, beginning with `/`.
    package var target: String
    /// True when the URL came from the environment or a file: it is then shown as `scheme://host:port/***`.
    package var isSecret: Bool

    /// Makes a URL of its parts, which are checked with the subscription.
    package init(scheme: Scheme, host: String, port: UInt16, target: String, isSecret: Bool = false) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
        self.isSecret = isSecret
    }

    /// `host`, in brackets if it is an IPv6 address.
    package var bracketedHost: String { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host }

    /// True when the port is the scheme's own.
    package var hasDefaultPort: Bool { port == (scheme == .http ? 80 : 443) }

    /// The value of the `Host` header.
    package var hostHeader: String { hasDefaultPort ? bracketedHost : "\(bracketedHost):\(port)" }

    /// The whole URL, for the wire and for nothing else.
    package func reveal() -> String { "\(scheme.rawValue)://\(hostHeader)\(target)" }

    /// The URL as it may be shown.
    package var display: String {
        isSecret ? "\(scheme.rawValue)://\(bracketedHost):\(port)/***" : reveal()
    }
}

extension EndpointURL: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// ``display``, so that printing what holds a URL shows no secret one.
    package var description: String { display }
    /// The URL as it may be shown.
    package var debugDescription: String { display }
    /// A mirror without the parts: they may be secret.
    package var customMirror: Mirror { Mirror(self, children: []) }
}
