internal import WebhookCore

/// An entry with the defaults, its profile and the egress policy → ``Subscription``.
struct SubscriptionBuilder {
    let context: LoadContext
    let defaults: SubscriptionOptions
    /// The top-level `profile`.
    let profile: Located<String>?
    let catalog: ProfileCatalog
    let egress: EgressPolicy

    private var problems: Problems { context.problems }

    /// Builds a subscription, or gives `nil` with what is missing reported here or before.
    func build(_ entry: SubscriptionEntry) -> Subscription? {
        let options = entry.options
        guard let profile = resolveProfile(options, at: entry.place) else { return nil }
        checkTopics(entry, profile)
        let secrets = secrets(entry, profile)
        let headers = headers(options, profile)
        let httpVersion = options.httpVersion ?? defaults.httpVersion
        if let url = entry.url { checkURL(url, options, httpVersion, profile) }
        let contentType = contentType(entry, profile)
        guard let name = entry.name, let url = entry.url else { return nil }
        var subscription = Subscription(
            name: name.value,
            url: url.value,
            topics: entry.topics.map(\.value),
            profile: profile
        )
        subscription.title = entry.title
        subscription.tenant = (options.tenant ?? defaults.tenant)?.value
        subscription.contentType = contentType
        subscription.authentication = (options.authentication ?? defaults.authentication)?.value
        subscription.secrets = secrets
        subscription.headers = headers
        subscription.body = entry.body?.value
        subscription.filter = entry.filter
        subscription.tls = tls(options, url.value)
        subscription.httpVersion = url.value.scheme == .https ? httpVersion?.value ?? .http1 : .http1
        subscription.isEnabled = options.isEnabled ?? defaults.isEnabled ?? true
        defaults.delivery.apply(to: &subscription.policy)
        options.delivery.apply(to: &subscription.policy)
        return subscription
    }

    private func resolveProfile(_ options: SubscriptionOptions, at place: SourcePlace) -> Profile? {
        let name = options.profile ?? defaults.profile ?? profile ?? Located(value: "standard", place: place)
        return ProfileNames.resolve(name, in: catalog, problems: problems)
    }

    private func checkTopics(_ entry: SubscriptionEntry, _ profile: Profile) {
        for pattern in entry.topics {
            if let problem = TopicPatternRules.problem(pattern.value, profile: profile) {
                problems.error(pattern.place, problem)
            }
        }
    }

    /// The signing secrets. Those of the defaults are for the profiles that sign.
    private func secrets(_ entry: SubscriptionEntry, _ profile: Profile) -> [Secret] {
        let own = entry.options.secrets
        guard let signature = profile.signature else {
            if let own {
                problems.error(own.place, "profile \(profile.name) has no signature, so `secrets` has no use")
            }
            return []
        }
        let isOwn = own != nil || entry.options.hasUnreadableSecrets
        let level = isOwn ? entry.options : defaults
        let secrets = level.secrets?.value ?? []
        if secrets.isEmpty, !level.hasUnreadableSecrets, signature.requiresSecret {
            let hint = signature.kind == .standardWebhooks ? "; make one with `webhooks keygen`" : ""
            problems.error(own?.place ?? entry.place, "profile \(profile.name) needs `secrets`: at least one\(hint)")
        }
        for secret in secrets {
            if let problem = SigningSecretRules.problem(secret.value, for: signature) {
                problems.error(secret.place, problem)
            }
        }
        return secrets.map(\.value)
    }

    /// The defaults' headers, then the entry's; an entry's stands for the defaults' of the same name.
    private func headers(_ options: SubscriptionOptions, _ profile: Profile) -> [ConfiguredHeader] {
        let own = Set(options.headers.map { $0.value.name.lowercased() })
        let all = defaults.headers.filter { !own.contains($0.value.name.lowercased()) } + options.headers
        let taken = ProfileHeaders.names(profile)
        let authentication = options.authentication ?? defaults.authentication
        for header in all {
            let name = header.value.name.lowercased()
            if taken.contains(name) {
                problems.error(header.place, "the header \(header.value.name) is set by profile \(profile.name)")
            } else if name == "authorization", authentication != nil {
                let message = "the header Authorization is set already, by `basicAuth`, `bearer` or `authorization`"
                problems.error(header.place, message)
            }
        }
        return all.map(\.value)
    }

    private func checkURL(
        _ url: Located<EndpointURL>,
        _ options: SubscriptionOptions,
        _ httpVersion: Located<HTTPVersion>?,
        _ profile: Profile
    ) {
        if let problem = EndpointRules.problem(url.value, profile: profile, egress: egress) {
            problems.error(url.place, problem)
        }
        guard url.value.scheme == .http else { return }
        if let own = options.httpVersion, own.value == .http2 {
            problems.error(own.place, "`httpVersion: \"2\"` needs an https: URL")
        }
        if let place = options.tlsPlace { problems.error(place, "`tls` needs an https: URL") }
    }

    private func contentType(_ entry: SubscriptionEntry, _ profile: Profile) -> ContentType {
        let own = entry.options.contentType
        if entry.bodyPlace != nil {
            let type = entry.body?.value.contentType
            if let own, let type, own.value != type {
                problems.error(own.place, "`contentType` contradicts `body`, whose name says \(type.rawValue)")
            }
            return type ?? own?.value ?? profile.contentTypes.first ?? .json
        }
        guard let chosen = own ?? defaults.contentType else { return profile.contentTypes.first ?? .json }
        if !profile.contentTypes.contains(chosen.value) {
            let offered = Suggestion.list(profile.contentTypes.map(\.rawValue))
            problems.error(
                chosen.place,
                "profile \(profile.name) does not offer this `contentType`; it offers \(offered)"
            )
        }
        return chosen.value
    }

    /// Authorities and client certificate are looked up apart.
    private func tls(_ options: SubscriptionOptions, _ url: EndpointURL) -> TLSOptions? {
        let authorities = options.authorities ?? defaults.authorities
        let identity = options.identity ?? defaults.identity
        guard url.scheme == .https, authorities != nil || identity != nil else { return nil }
        return TLSOptions(authorities: authorities, certificate: identity?.certificate, key: identity?.key)
    }
}

/// Profiles by name, with what to say where there is none.
enum ProfileNames {
    static func resolve(_ name: Located<String>, in catalog: ProfileCatalog, problems: Problems) -> Profile? {
        if let profile = catalog.profile(named: name.value) { return profile }
        guard !catalog.isBroken(name.value) else { return nil }
        let near = Suggestion.nearest(to: name.value, in: catalog.names).map { "did you mean `\($0)`? " } ?? ""
        let shown = KeyText.named("there is no profile", name.value)
        problems.error(name.place, "\(shown); \(near)known are \(Suggestion.list(catalog.names))")
        return nil
    }
}
