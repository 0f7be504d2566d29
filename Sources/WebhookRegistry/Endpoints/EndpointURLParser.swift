package import WebhookCore

/// Reads endpoint URLs, strictly (RFC 3986): what two readers could take for different hosts is refused.
package enum EndpointURLParser {
    /// A URL, or why it is refused.
    ///
    /// The host is lower-cased, and a literal address in any spelling (`127.1`, `0x7f.1`, `2130706433`) gets its
    /// usual one. Whether the address may be reached is not judged here.
    ///
    /// - Parameter isSecret: whether the URL came from the environment or a file and is not to be shown.
    package static func parse(_ text: String, isSecret: Bool = false) -> Result<EndpointURL, EndpointURLError> {
        do {
            let parts = try URLParts(text)
            guard !parts.hasUserinfo else { throw URLProblem.userinfo }
            let authority = try URLAuthority(parts.host)
            return .success(
                EndpointURL(
                    scheme: parts.scheme,
                    host: authority.host,
                    port: authority.port ?? (parts.scheme == .http ? 80 : 443),
                    target: parts.target,
                    isSecret: isSecret
                )
            )
        } catch {
            return .failure(EndpointURLError(description: (error as? URLProblem ?? .syntax).description))
        }
    }
}

/// The reason why a URL is refused, to go on "the URL …"; it never quotes the URL.
package struct EndpointURLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// For example "has no host".
    package let description: String
}

/// Reads `egress.proxy`: `http://host:port` or `https://host:port`, with `user:password@` before the host or without.
enum ProxyURLParser {
    static func parse(_ text: String) throws(URLProblem) -> EgressPolicy.Proxy {
        let parts = try URLParts(text)
        guard parts.target == "/" else { throw URLProblem(description: "must end after the port") }
        let authority = try URLAuthority(parts.host)
        guard let port = authority.port else {
            throw URLProblem(description: "needs the proxy's port: http://proxy.internal:3128")
        }
        var proxy = EgressPolicy.Proxy(host: authority.host, port: port, isTLS: parts.scheme == .https)
        if let userinfo = parts.userinfo {
            let pieces = userinfo.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            proxy.username = try decode(pieces[0])
            proxy.password = pieces.count == 2 ? Secret(try decode(pieces[1])) : nil
        }
        return proxy
    }

    private static func decode(_ text: Substring) throws(URLProblem) -> String {
        guard let bytes = PercentEncoding.decode(text) else { throw .percent }
        guard let decoded = String(validating: bytes, as: UTF8.self), HeaderRules.isValue(decoded) else {
            throw URLProblem(description: "has a user name or password with control characters")
        }
        return decoded
    }
}

/// Rules for a URL from the configuration as a whole: the egress policy and the profile.
enum EndpointRules {
    /// A warning that an entry of `egress.allow` opens more than anybody may have meant; `nil` where it is narrow.
    static func warning(about rule: EgressRule) -> String? {
        guard case .network(let network, _) = rule.target else { return nil }
        // The largest private networks are 10.0.0.0/8 and fc00::/7.
        guard network.prefixLength < (network.address.bitWidth == 32 ? 8 : 7) else { return nil }
        return "this opens \(network.prefixLength == 0 ? "every address" : "more than any private network"), "
            + "this machine and its cloud's metadata service included; name the networks that are meant"
    }

    /// The reason why the URL may not be used; `nil` where it may.
    static func problem(
        _ url: EndpointURL,
        profile: Profile,
        egress: EgressPolicy,
        for audience: Audience
    ) -> String? {
        if let address = IPAddress(literalHost: url.host),
            let reason = egress.refusal(of: address, port: url.port, host: url.host)
        {
            return Remedy.allowAddress.text(after: "`url` is out of reach: \(reason)", for: audience)
        }
        if url.scheme == .http, profile.httpsOnly, !egress.permitsPlainHTTP(host: url.host, port: url.port) {
            let message = "`url` must be https: under profile \(profile.name)"
            return audience == .client ? message : message + ", unless `egress.allow` lists its host:port"
        }
        return nil
    }
}
