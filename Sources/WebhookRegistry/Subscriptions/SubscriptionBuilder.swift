internal import WebhookCore

/// An entry with the defaults, its profile and the egress policy → ``Subscription``.
struct SubscriptionBuilder {
    let context: LoadContext
    let defaults: SubscriptionOptions
    /// The top-level `profile`.
    let profile: Located<String>?
    let catalog: ProfileCatalog
    let egress: EgressPolicy
    let slips: TopicSlips

    private var problems: Problems { context.problems }

    /// The profile of one that names none, in a configuration that names none.
    static let standardProfile = "standard"

    /// Stands in for a URL that is missing, so that the rest is checked all the same.
    private static let placeholder = EndpointURL(scheme: .https, host: "placeholder.invalid", port: 443, target: "/")

    /// Builds a subscription, or gives `nil` with what is missing reported here or before.
    func build(_ entry: SubscriptionEntry) -> Subscription? {
        let options = entry.options
        let variables = variables(options)
        let url = problems.aboutSending {
            entry.url.flatMap(EndpointLoader(problems: problems, variables: variables).load)
        }
        guard let profile = resolveProfile(options, at: entry.place) else { return nil }
        let secrets = secrets(options, profile)
        let headers = problems.aboutSending { self.headers(options).expanded(variables, problems) }
        var subscription = Subscription(
            name: entry.name?.value ?? "placeholder",
            url: url?.value ?? Self.placeholder,
            topics: entry.topics.map(\.value),
            profile: profile
        )
        let isSecure = subscription.url.scheme == .https
        subscription.title = entry.title
        (subscription.tenant, subscription.tenants) = tenants(options)
        subscription.contentType = contentType(entry, profile)
        subscription.authentication = (options.authentication ?? defaults.authentication)?.value
        subscription.secrets = secrets.map(\.value)
        let source = options.secrets == nil ? defaults : options
        if !secrets.isEmpty {
            (subscription.retiringSecrets, subscription.secretOrigin) = (source.retiringSecrets, source.secretOrigin)
        }
        subscription.headers = headers.map(\.value)
        subscription.body = entry.body?.value
        subscription.topicBodies = entry.topicBodies.map { TopicBody(pattern: $0.pattern.value, body: $0.body.value) }
        subscription.variables = variables
        let schema = options.schema ?? defaults.schema
        subscription.schema = schema?.value ?? .warn
        subscription.filter = entry.filter
        // What the defaults say about TLS is for the URLs that have it.
        subscription.tls = isSecure ? tls(options) : options.tlsPlace.map { _ in TLSOptions() }
        subscription.httpVersion = (options.httpVersion ?? (isSecure ? defaults.httpVersion : nil))?.value ?? .http1
        subscription.sendsTrace = options.sendsTrace ?? defaults.sendsTrace ?? false
        subscription.isEnabled = options.isEnabled ?? defaults.isEnabled ?? true
        defaults.delivery.apply(to: &subscription.policy)
        options.delivery.apply(to: &subscription.policy)
        let content = SubscriptionContentLoader(
            problems: problems,
            catalog: catalog,
            slips: slips,
            limits: context.limits.mapping
        )
        subscription.topicPayloads = content.payloads(entry, subscription)
        content.warnOfUnusedPatterns(entry, subscription)
        content.warnOfFilter(entry.filterNode, subscription)
        content.warnOfUndescribedTopics(subscription, schema?.place)
        for problem in SubscriptionValidator(egress: egress, for: problems.audience).problems(of: subscription) {
            guard let place = place(of: problem.part, entry, secrets, headers) else { continue }
            let add = { problems.add(problem.severity, place, problem.message) }
            problem.part.isForSending ? problems.aboutSending(add) : add()
        }
        options.delivery.warnOfSettingsWithoutEffect(subscription.policy, problems)
        let canDoWithout =
            !context.options.needsSources || context.options.holdsBroken || !subscription.isEnabled
        return entry.name == nil || url == nil && !(canDoWithout && entry.hasURL) ? nil : subscription
    }

    /// The place of a part of a subscription; `nil` where what is wrong with it was reported as it was read.
    private func place(
        of part: SubscriptionProblem.Part,
        _ entry: SubscriptionEntry,
        _ secrets: [Located<Secret>],
        _ headers: [Located<ConfiguredHeader>]
    ) -> SourcePlace? {
        let options = entry.options
        switch part {
        case .url: return entry.url?.place
        case .topic(let index): return entry.topics[index].place
        case .secret(let index): return secrets[index].place
        case .header(let index): return headers[index].place
        case .contentType: return entry.bodyPlace == nil ? (options.contentType ?? defaults.contentType)?.place : nil
        case .secrets:
            let isOwn = options.secrets != nil || options.hasUnreadableSecrets
            let isUnreadable = (isOwn ? options : defaults).hasUnreadableSecrets
            return isUnreadable && secrets.isEmpty ? nil : options.secrets?.place ?? entry.place
        case .httpVersion: return options.httpVersion?.place
        case .tls: return options.tlsPlace
        case .variables: return entry.place
        case .name, .title, .topics, .tenant, .authentication, .delivery: return nil
        }
    }

    private func resolveProfile(_ options: SubscriptionOptions, at place: SourcePlace) -> Profile? {
        let name = options.profile ?? defaults.profile ?? profile ?? Located(value: Self.standardProfile, place: place)
        return ProfileNames.resolve(name, in: catalog, problems: problems)
    }

    /// The signing secrets. Those of the defaults are for the profiles that sign.
    private func secrets(_ options: SubscriptionOptions, _ profile: Profile) -> [Located<Secret>] {
        if options.secrets != nil || options.hasUnreadableSecrets { return options.secrets?.value ?? [] }
        return profile.signature == nil ? [] : defaults.secrets?.value ?? []
    }

    /// The defaults' headers, then the entry's; an entry's stands for the defaults' of the same name.
    private func headers(_ options: SubscriptionOptions) -> [Located<ConfiguredHeader>] {
        let own = Set(options.headers.map { $0.value.name.lowercased() })
        return defaults.headers.filter { !own.contains($0.value.name.lowercased()) } + options.headers
    }

    /// The defaults' constants, then the entry's; an entry's stands for the defaults' of the same name.
    private func variables(_ options: SubscriptionOptions) -> [Variable] {
        let own = Set(options.variables.map(\.name))
        return defaults.variables.filter { !own.contains($0.name) } + options.variables
    }

    /// An entry's tenants stand for the defaults', whichever of the two keys has them. One alone is one tenant.
    private func tenants(_ options: SubscriptionOptions) -> (one: String?, several: [String]) {
        let own = options.tenant != nil || options.tenants != nil
        let (one, several) = own ? (options.tenant, options.tenants) : (defaults.tenant, defaults.tenants)
        guard let several, one == nil else { return (one?.value, []) }
        return several.count == 1 ? (several[0], []) : (nil, several)
    }

    private func contentType(_ entry: SubscriptionEntry, _ profile: Profile) -> ContentType {
        let own = entry.options.contentType
        if entry.bodyPlace != nil, entry.topicBodies.isEmpty {
            let type = entry.body?.value.contentType
            if let own, let type, own.value != type {
                problems.error(own.place, "`contentType` contradicts `body`, whose name says \(type.rawValue)")
            }
            return type ?? own?.value ?? profile.contentTypes.first ?? .json
        }
        if let own {
            for body in entry.topicBodies where body.body.value.contentType != own.value {
                let type = body.body.value.contentType.rawValue
                problems.error(body.body.place, "the file's name says \(type), which contradicts `contentType`")
            }
        }
        return (own ?? defaults.contentType)?.value ?? profile.contentTypes.first ?? .json
    }

    /// Authorities and client certificate are looked up apart.
    private func tls(_ options: SubscriptionOptions) -> TLSOptions? {
        let authorities = options.authorities ?? defaults.authorities
        let identity = options.identity ?? defaults.identity
        guard authorities != nil || identity != nil else { return nil }
        return TLSOptions(authorities: authorities, certificate: identity?.certificate, key: identity?.key)
    }
}

/// Profiles by name, with what to say where there is none.
enum ProfileNames {
    static func resolve(_ name: Located<String>, in catalog: ProfileCatalog, problems: Problems) -> Profile? {
        if let profile = catalog.profile(named: name.value) { return profile }
        guard !catalog.isBroken(name.value) else { return nil }
        let near = Suggestion.completed(name.value, in: catalog.names).map { "did you mean `\($0)`? " } ?? ""
        let shown = KeyText.named("there is no profile", name.value)
        problems.error(name.place, "\(shown); \(near)known are \(Suggestion.list(catalog.names))")
        return nil
    }
}

/// `subscriptions:` → the subscriptions and their places.
struct SubscriptionsLoader {
    let context: LoadContext
    let builder: SubscriptionBuilder

    func load(_ root: Section) -> (subscriptions: [Subscription], marks: [String: SubscriptionMark]) {
        var subscriptions: [Subscription] = []
        var marks: [String: SubscriptionMark] = [:]
        for item in root.items("subscriptions") ?? [] {
            context.problems.beginSubscription()
            guard let entry = SubscriptionEntry(item, context: context) else { continue }
            if let name = entry.name {
                if SubscriptionValidator.isReserved(name.value) {
                    context.problems.error(name.place, SubscriptionValidator.reservedName)
                }
                if let first = marks[name.value] {
                    let (place, isHere) = (first.place, first.place.file == name.place.file)
                    let there =
                        isHere ? "in line \(place.line)" : "at \(place.file):\(place.line):\(place.column)"
                    let message = "the name \(name.value) is taken by the subscription \(there)"
                    context.problems.error(name.place, message)
                } else {
                    marks[name.value] = SubscriptionMark(place: name.place, body: entry.bodyPlace)
                }
            }
            guard var subscription = builder.build(entry) else { continue }
            if context.options.holdsBroken || !subscription.isEnabled {
                // What is not enabled needs no secret; a test send says why it can't be sent.
                subscription.obstacles = context.problems.takeSendingErrors()
            }
            subscriptions.append(subscription)
        }
        if context.lacksSources {
            let note = Diagnostic(.warning, file: root.place.file, message: "not judged without what is missing")
            for index in subscriptions.indices { subscriptions[index].obstacles.append(note) }
        }
        return (subscriptions, marks)
    }
}
