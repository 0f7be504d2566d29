package import WebhookCore

/// Checks subscriptions, wherever they come from: a file's loader adds the places, a host's values have none.
package struct SubscriptionValidator {
    private let egress: EgressPolicy
    private let audience: Audience

    /// - Parameter audience: who reads the problems.
    package init(egress: EgressPolicy, for audience: Audience) {
        self.egress = egress
        self.audience = audience
    }

    /// The problems of one subscription; names are compared by ``duplicates(in:)``.
    package func problems(of subscription: Subscription) -> [SubscriptionProblem] {
        identity(subscription) + topics(subscription) + url(subscription) + secrets(subscription)
            + headers(subscription) + content(subscription) + variables(subscription)
            + PolicyRules.problems(subscription.policy)
    }

    /// The positions of subscriptions whose name an earlier one has.
    package static func duplicates(in subscriptions: [Subscription]) -> [Int] {
        var names: Set<String> = []
        return subscriptions.indices.filter { !names.insert(subscriptions[$0].name).inserted }
    }

    /// Tells whether a name is 1 to 64 letters, digits, `.`, `_` and `-`.
    package static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                let lower = byte | 0x20
                return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
                    || byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") || "._-".utf8.contains(byte)
            }
    }

    /// Tells whether a name is one that the store gives: nobody else can take it, whatever comes first.
    package static func isReserved(_ name: String) -> Bool { StoredSubscription.isName(name) }

    /// The problem of a name that is reserved.
    package static let reservedName =
        "`name` must not begin with \(StoredSubscription.prefix): such names are for subscriptions that are kept in the store"

    private func identity(_ subscription: Subscription) -> [SubscriptionProblem] {
        var problems: [SubscriptionProblem] = []
        if !Self.isName(subscription.name) {
            problems.append(.init(.name, "`name` must be 1 to 64 letters, digits, '.', '_' and '-'"))
        }
        if subscription.title?.hasControlCharacters == true {
            problems.append(.init(.title, "`title` must not hold control characters"))
        }
        if !subscription.allTenants.allSatisfy(Event.isValidTenant) {
            problems.append(.init(.tenant, "`tenant` must be 1 to 256 bytes without control characters"))
        }
        return problems
    }

    private func topics(_ subscription: Subscription) -> [SubscriptionProblem] {
        var problems: [SubscriptionProblem] = []
        if subscription.topics.isEmpty {
            problems.append(.init(.topics, "`topics` needs at least one; [\"**\"] is all of them"))
        }
        var seen: Set<TopicPattern> = []
        for (index, pattern) in subscription.topics.enumerated() {
            if let problem = TopicPatternRules.problem(pattern, profile: subscription.profile, audience) {
                problems.append(.init(.topic(index), problem))
            } else if !seen.insert(pattern).inserted {
                problems.append(.init(.topic(index), "this topic stands here already", .warning))
            }
        }
        return problems
    }

    private func url(_ subscription: Subscription) -> [SubscriptionProblem] {
        let url = subscription.url
        var problems: [SubscriptionProblem] = []
        // A URL that was put together by hand must be one that our parser would have made.
        switch EndpointURLParser.parse(url.reveal(), isSecret: url.isSecret) {
        case .failure(let error): problems.append(.init(.url, "`url` \(error)"))
        case .success(let parsed) where parsed != url:
            problems.append(.init(.url, "`url` must have its host in lower case, and an address in its usual spelling"))
        case .success:
            if let problem = EndpointRules.problem(
                url,
                profile: subscription.profile,
                egress: egress,
                for: audience
            ) {
                problems.append(.init(.url, problem))
            }
        }
        guard url.scheme == .http else { return problems }
        if subscription.httpVersion == .http2 {
            problems.append(.init(.httpVersion, "`httpVersion: \"2\"` needs an https: URL"))
        }
        if subscription.tls != nil { problems.append(.init(.tls, "`tls` needs an https: URL")) }
        return problems
    }

    private func secrets(_ subscription: Subscription) -> [SubscriptionProblem] {
        let (profile, secrets) = (subscription.profile, subscription.secrets)
        guard let signature = profile.signature else {
            if secrets.isEmpty { return [] }
            return [.init(.secrets, "profile \(profile.name) has no signature, so `secrets` has no use")]
        }
        var problems: [SubscriptionProblem] = []
        if secrets.isEmpty, signature.requiresSecret {
            let message = "profile \(profile.name) needs `secrets`: at least one"
            let remedy = signature.kind == .standardWebhooks ? Remedy.makeSecret(ed25519: false) : .inMessage
            problems.append(.init(.secrets, remedy.text(after: message, for: audience)))
        }
        for retiring in subscription.retiringSecrets {
            guard let problem = SigningSecretRules.problem(retiring.secret, for: signature, audience) else { continue }
            problems.append(.init(.secrets, "a secret in the file beside, NAME.previous: \(problem)"))
        }
        for (index, secret) in secrets.enumerated() {
            if let problem = SigningSecretRules.problem(secret, for: signature, audience) {
                problems.append(.init(.secret(index), problem))
            } else if index > 0, !signature.usesEverySecret {
                let message =
                    "this secret does nothing: a request of profile \(profile.name) carries the first one's signature alone; "
                    + "receivers change over when that one is replaced"
                problems.append(.init(.secret(index), message, .warning))
            } else if secret.reveal().utf8.count < SigningSecretRules.shortest {
                let message = "the secret is shorter than \(SigningSecretRules.shortest) bytes: it can be guessed"
                problems.append(.init(.secret(index), message, .warning))
            }
        }
        return problems
    }

    private func headers(_ subscription: Subscription) -> [SubscriptionProblem] {
        var problems = AuthenticationRules.problems(subscription.authentication)
        let taken = ProfileHeaders.names(subscription.profile)
        var names: Set<String> = []
        for (index, header) in subscription.headers.enumerated() {
            let name = header.name.lowercased()
            if let problem = HeaderRules.problem(ofName: header.name) {
                problems.append(.init(.header(index), problem))
            } else if !names.insert(name).inserted {
                problems.append(.init(.header(index), "the header \(header.name) stands here twice"))
            } else if taken.contains(HeaderRules.folded(name)) {
                let message = "the header \(header.name) is set by profile \(subscription.profile.name)"
                problems.append(.init(.header(index), message))
            } else if name == "authorization", subscription.authentication != nil {
                let message = "the header Authorization is set already, by `basicAuth`, `bearer` or `authorization`"
                problems.append(.init(.header(index), message))
            }
            let shown = HeaderRules.isName(header.name) ? "the header \(header.name)" : "a header"
            if let problem = HeaderRules.problem(ofValue: header.value.text, named: shown) {
                problems.append(.init(.header(index), problem))
            }
        }
        return problems
    }

    private func variables(_ subscription: Subscription) -> [SubscriptionProblem] {
        var problems: [SubscriptionProblem] = []
        for variable in subscription.variables where !VariableRules.isName(variable.name) {
            problems.append(.init(.variables, VariableRules.grammar))
        }
        let profile = subscription.profile
        let known = Set(subscription.variables.map(\.name))
        var needed: Set<String> = []
        for topic in profile.topics {
            guard subscription.topics.contains(where: { $0.matches(topic.topic) || $0.hasWildcard && profile.anyTopic })
            else { continue }
            if !subscription.topicPayloads.contains(where: { $0.pattern.matches(topic.topic) }) {
                needed.formUnion(topic.payload?.requiredVariables ?? [])
            }
        }
        if case .envelope(let members) = profile.body, subscription.bodies.isEmpty {
            needed.formUnion(members.flatMap(\.value.requiredVariables))
        }
        needed.formUnion(profile.headers.flatMap(\.requiredVariables))
        for name in needed.subtracting(known).sorted() {
            problems.append(.init(.variables, "profile \(profile.name) asks for `\(name)` of `vars`, which is missing"))
        }
        // An empty header would be left out.
        for name in Set(profile.headers.flatMap(\.requiredVariables)).sorted()
        where subscription.variables.text(of: name)?.isEmpty == true {
            let message = "profile \(profile.name) makes a header of `\(name)` of `vars`, which is empty"
            problems.append(.init(.variables, message))
        }
        return problems
    }

    private func content(_ subscription: Subscription) -> [SubscriptionProblem] {
        let profile = subscription.profile
        guard subscription.body == nil, !profile.contentTypes.contains(subscription.contentType) else { return [] }
        let offered = Suggestion.list(profile.contentTypes.map(\.rawValue))
        let message = "profile \(profile.name) does not offer this `contentType`; it offers \(offered)"
        return [.init(.contentType, message)]
    }
}

/// A rule that a subscription breaks, apart from where the subscription comes from.
package struct SubscriptionProblem: Sendable, Hashable {
    /// The part of a subscription that a problem is about. Positions are those in the subscription.
    package enum Part: Sendable, Hashable {
        case name, title, url, topics, tenant, contentType, authentication, secrets, httpVersion, tls, delivery
        case variables
        case topic(Int)
        case secret(Int)
        case header(Int)

        /// True when it is about what only sending needs.
        var isForSending: Bool {
            switch self {
            case .url, .authentication, .secrets, .secret, .header, .tls, .httpVersion: true
            case .name, .title, .topics, .topic, .tenant, .contentType, .delivery, .variables: false
            }
        }

        /// The key, as a file has it; `nil` where it is one of several.
        package var key: String? {
            switch self {
            case .name: "name"
            case .title: "title"
            case .url: "url"
            case .topics: "topics"
            case .tenant: "tenant"
            case .contentType: "contentType"
            case .authentication: nil
            case .secrets: "secrets"
            case .httpVersion: "httpVersion"
            case .tls: "tls"
            case .delivery: "delivery"
            case .variables: "vars"
            case .topic(let index): "topics.\(index)"
            case .secret(let index): "secrets.\(index)"
            case .header: "headers"
            }
        }
    }

    package var severity: Diagnostic.Severity
    package var part: Part
    /// Never quotes a value that could be a secret.
    package var message: String

    init(_ part: Part, _ message: String, _ severity: Diagnostic.Severity = .error) {
        self.severity = severity
        self.part = part
        self.message = message
    }
}

/// Checks that a pattern fits a profile.
enum TopicPatternRules {
    /// For messages.
    static let grammar =
        "a topic is letters, digits, _ and -, in segments joined by dots, for example course.created"

    /// For messages.
    static let patternGrammar = grammar + "; in a pattern * stands for one segment and ** for one or more"

    /// The reason why no event could ever match; `nil` where one can.
    static func problem(_ pattern: TopicPattern, profile: Profile, _ audience: Audience) -> String? {
        guard !profile.anyTopic else { return nil }
        let list = Remedy.listTopics(profile: profile.name)
        if pattern.hasWildcard {
            guard !profile.topics.contains(where: { pattern.matches($0.topic) }) else { return nil }
            return list.text(after: "no topic of profile \(profile.name) matches `\(pattern)`", for: audience)
        }
        guard profile.topic(pattern.description) == nil else { return nil }
        let near = Suggestion.nearest(to: pattern.description, in: profile.topics.map(\.topic))
        let message = "profile \(profile.name) has no topic `\(pattern)`"
        return near.map { "\(message); did you mean `\($0)`?" } ?? list.text(after: message, for: audience)
    }
}
