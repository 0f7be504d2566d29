internal import WebhookCore

/// What the configuration as a whole says about a URL: the egress policy and the profile.
enum EndpointRules {
    /// What an entry of `egress.allow` opens that nobody may have meant; `nil` where it is narrow.
    static func warning(about rule: EgressRule) -> String? {
        guard case .network(let network, _) = rule else { return nil }
        // The largest private networks are 10.0.0.0/8 and fc00::/7.
        guard network.prefixLength < (network.address.bitWidth == 32 ? 8 : 7) else { return nil }
        return "this opens \(network.prefixLength == 0 ? "every address" : "more than any private network"), "
            + "this machine and its cloud's metadata service included; name the networks that are meant"
    }

    /// Why the URL may not be used, or `nil`.
    static func problem(_ url: EndpointURL, profile: Profile, egress: EgressPolicy) -> String? {
        if let address = IPAddress(literalHost: url.host),
            let reason = egress.refusal(of: address, port: url.port, host: url.host)
        {
            return "`url` is out of reach: \(reason); list the address under `egress.allow` if that is meant"
        }
        if url.scheme == .http, profile.httpsOnly, !egress.permitsPlainHTTP(host: url.host, port: url.port) {
            return "`url` must be https: under profile \(profile.name), unless `egress.allow` lists its host:port"
        }
        return nil
    }
}
