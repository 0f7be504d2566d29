internal import WebhookCore

/// An entry of `subscriptions` as it stands in the file, before the defaults are looked up.
struct SubscriptionEntry {
    /// The keys that only an entry has.
    static let ownKeys = ["name", "title", "url", "topics", "body", "payload", "filter"]

    let place: SourcePlace
    var name: Located<String>?
    var title: String?
    /// As it stands there: its constants are put in once they are known.
    var url: Located<SourcedText>?
    /// True when there is a `url`, which may be one that can't be read.
    var hasURL: Bool
    var topics: [Located<TopicPattern>]
    var body: Located<BodyTemplate>?
    /// The place of `body`, whether it could be read or not.
    var bodyPlace: SourcePlace?
    /// The bodies of `body` as a map from topic patterns.
    var topicBodies: [(pattern: Located<TopicPattern>, body: Located<BodyTemplate>)] = []
    /// The mappings of `payload`, which are read once profile and constants are known.
    var payloads: [(pattern: Located<TopicPattern>, node: ConfigNode)] = []
    var filter: Filter?
    /// The node of `filter` in the file.
    var filterNode: ConfigNode?
    var options: SubscriptionOptions

    /// Reads an entry. Whatever doesn't fit is reported; `nil` where it is no mapping at all.
    init?(_ node: ConfigNode, context: LoadContext) {
        let keys = Self.ownKeys + SubscriptionOptions.keys
        guard
            let section = Section(
                node,
                "a subscription",
                keys: keys,
                extensions: Section.extensions,
                problems: context.problems
            )
        else { return nil }
        place = section.place
        for key in ["name", "url", "topics"] { section.require(key) }
        name = Self.name(section, context)
        title = section.text("title")?.value
        if let title, title.hasControlCharacters, let node = section.node("title") {
            context.problems.error(node.place, "`title` must not hold control characters")
        }
        hasURL = section.node("url") != nil
        url = context.problems.aboutSending {
            section.node("url").flatMap { SourceReader(context: context).text($0, "`url`") }
        }
        topics = Self.topics(section, context)
        bodyPlace = section.keyPlace("body")
        if let node = section.node("body") {
            if case .mapping = node.value {
                topicBodies = Self.byTopic(node, "`body`", context).compactMap { pattern, node in
                    Self.body(node, context).map { (pattern, $0) }
                }
            } else {
                body = Self.body(node, context)
            }
        }
        if let node = section.node("payload") { payloads = Self.byTopic(node, "`payload`", context) }
        if let node = section.container("filter") {
            let own = Problems()
            filter = FilterLoader(problems: own, limits: context.limits.filter).load(node)
            for diagnostic in own.sorted(mainFile: "") { context.problems.add(diagnostic) }
            // The paths of one with errors are not judged.
            filterNode = own.hasErrors ? nil : node
            if filter == Filter(entries: []), !own.hasErrors, let place = section.keyPlace("filter") {
                context.problems.warning(place, "`filter` is empty: every event of the topics passes")
            }
        }
        options = SubscriptionOptions(section, context: context)
    }

    private static func name(_ section: Section, _ context: LoadContext) -> Located<String>? {
        guard let name = section.text("name") else { return nil }
        guard SubscriptionValidator.isName(name.value) else {
            context.problems.error(name.place, "`name` must be 1 to 64 letters, digits, '.', '_' and '-'")
            return nil
        }
        return name
    }

    private static func topics(_ section: Section, _ context: LoadContext) -> [Located<TopicPattern>] {
        guard let items = section.items("topics") else { return [] }
        if items.isEmpty, let place = section.keyPlace("topics") {
            context.problems.error(place, "`topics` needs at least one; [\"**\"] is all of them")
        }
        return items.compactMap { item in
            guard let text = section.read.text(item, "a topic") else { return nil }
            guard let pattern = try? TopicPattern(text.value) else {
                return section.read.fail(item, TopicPatternRules.patternGrammar)
            }
            return Located(value: pattern, place: text.place)
        }
    }

    /// A map from topic patterns, in order.
    private static func byTopic(
        _ node: ConfigNode,
        _ name: String,
        _ context: LoadContext
    ) -> [(pattern: Located<TopicPattern>, node: ConfigNode)] {
        guard case .mapping(let members) = node.value, !members.isEmpty else {
            context.problems.error(node.place, "\(name) must be a mapping of topics to what is sent: { course.*: … }")
            return []
        }
        return members.compactMap { member in
            guard let pattern = try? TopicPattern(member.key) else {
                let hint = "\(name) is by topic, and for every one it is { \"**\": … }: "
                context.problems.error(member.place, hint + TopicPatternRules.patternGrammar)
                return nil
            }
            return (Located(value: pattern, place: member.place), member.value)
        }
    }

    private static func body(_ node: ConfigNode, _ context: LoadContext) -> Located<BodyTemplate>? {
        guard let path = ValueReader(problems: context.problems).text(node, "`body`") else { return nil }
        guard let contentType = BodyTemplateFile.contentType(of: path.value) else {
            let message = "`body` must be a file whose name says what it makes: \(BodyTemplateFile.names)"
            context.problems.error(path.place, message)
            return nil
        }
        let reader = PathReader(context: context)
        guard let bytes = reader.contents(path, "`body`", limit: 1 << 20),
            let name = reader.resolve(path, "`body`")
        else { return nil }
        guard let source = bytes.validatedText else {
            context.problems.error(path.place, "`body`: the file \(path.value) is not UTF-8 text")
            return nil
        }
        return Located(value: BodyTemplate(name: name, contentType: contentType, source: source), place: path.place)
    }
}

/// A subscription's place in the configuration, for problems that are found later.
package struct SubscriptionMark: Sendable, Hashable {
    /// The place of the value of `name`.
    package var place: SourcePlace
    /// The place of `body`; `nil` without a custom body.
    package var body: SourcePlace?

    package init(place: SourcePlace, body: SourcePlace? = nil) {
        self.place = place
        self.body = body
    }
}

/// The options that an entry of `subscriptions` shares with `defaults`.
struct SubscriptionOptions {
    /// The keys read here.
    static let keys = [
        "profile", "contentType", "tenant", "tenants", "basicAuth", "bearer", "authorization", "secrets", "headers",
        "tls", "httpVersion", "traceparent", "enabled", "delivery", "vars", "schema",
    ]

    var profile: Located<String>?
    var contentType: Located<ContentType>?
    var tenant: Located<String>?
    /// `nil` where the key is missing.
    var tenants: [String]?
    var authentication: Located<Authentication>?
    /// `nil` where the key is missing.
    var secrets: Located<[Located<Secret>]>?
    /// The earlier contents of the files of the secrets.
    var retiringSecrets: [RetiringSecret] = []
    /// The place of the first secret.
    var secretOrigin: SecretOrigin?
    /// True when a secret was given that could not be read, which has been reported.
    var hasUnreadableSecrets = false
    var headers: [Located<ConfiguredHeader>] = []
    var authorities: ByteString?
    var identity: TLSIdentity?
    /// The place of `tls`.
    var tlsPlace: SourcePlace?
    var httpVersion: Located<HTTPVersion>?
    var sendsTrace: Bool?
    var isEnabled: Bool?
    var variables: [Variable] = []
    var schema: Located<SchemaMode>?
    var delivery = DeliveryOverrides()

    /// Says nothing.
    init() {}

    /// The same without what proves to a receiver who sends: credentials, secrets, headers that are shown as `***`, a client's
    /// certificate.
    var withoutCredentials: SubscriptionOptions {
        var options = self
        options.authentication = nil
        (options.secrets, options.hasUnreadableSecrets) = (nil, false)
        options.headers.removeAll { if case .secret = $0.value.value { true } else { false } }
        options.identity = nil
        return options
    }

    init(_ section: Section, context: LoadContext) {
        let problems = context.problems
        profile = section.text("profile")
        contentType = section.choice("contentType", of: ContentType.self)
        tenant = section.text("tenant")
        if let tenant, !Event.isValidTenant(tenant.value) {
            problems.error(tenant.place, "`tenant` must be 1 to 256 bytes without control characters")
        }
        tenants = Self.tenants(section, besides: tenant, problems)
        problems.aboutSending {
            authentication = AuthenticationLoader(context: context).load(section)
            (secrets, hasUnreadableSecrets) = Self.secrets(section, context)
            if let secrets, case .sequence(let items)? = section.container("secrets")?.value {
                let reader = SourceReader(context: context)
                let current = Set(secrets.value.map(\.value))
                retiringSecrets = items.flatMap { reader.retiring($0, "a secret") }.filter {
                    !current.contains($0.secret)
                }
                secretOrigin = items.first.map(reader.origin)
            }
            headers = HeaderLoader(context: context).load(section)
            if let node = section.container("tls") {
                tlsPlace = section.keyPlace("tls")
                (authorities, identity) = TLSLoader(context: context).load(node)
            }
        }
        httpVersion = section.choice("httpVersion", of: HTTPVersion.self)
        sendsTrace = section.bool("traceparent")?.value
        isEnabled = section.bool("enabled")?.value
        schema = section.choice("schema", of: SchemaMode.self)
        if let node = section.container("vars") { variables = VariableLoader(problems: problems).load(node) }
        if let node = section.container("delivery") {
            delivery = DeliveryOverrides(node, context.limits, problems: problems)
        }
    }

    /// Several tenants, each once; their order says nothing.
    private static func tenants(
        _ section: Section,
        besides tenant: Located<String>?,
        _ problems: Problems
    ) -> [String]? {
        guard let items = section.items("tenants"), let place = section.keyPlace("tenants") else { return nil }
        if tenant != nil { problems.error(place, "`tenant` and `tenants` exclude each other") }
        if items.isEmpty { problems.error(place, "`tenants` needs at least one; without the key it is every tenant") }
        var tenants: [String] = []
        for item in items {
            guard let text = section.read.text(item, "a tenant") else { continue }
            if !Event.isValidTenant(text.value) {
                problems.error(text.place, "a tenant must be 1 to 256 bytes without control characters")
            } else if tenants.contains(where: { $0.utf8.elementsEqual(text.value.utf8) }) {
                problems.warning(text.place, "this tenant stands here already")
            } else {
                tenants.append(text.value)
            }
        }
        return tenants
    }

    private static func secrets(_ section: Section, _ context: LoadContext) -> (Located<[Located<Secret>]>?, Bool) {
        guard let node = section.container("secrets"), let place = section.keyPlace("secrets") else {
            return (nil, false)
        }
        guard let items = section.read.items(node, "`secrets`") else { return (nil, true) }
        let reader = SourceReader(context: context)
        let secrets = items.compactMap { reader.secret($0, "a secret") }
        return (Located(value: secrets, place: place), secrets.count < items.count)
    }
}
