internal import WebhookCore

/// What the configuration as a whole says about a URL: the egress policy and the profile.
enum EndpointRules {
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
