internal import WebhookCore

/// An entry of `subscriptions` as it stands in the file, before the defaults are looked up.
struct SubscriptionEntry {
    /// The keys that only an entry has.
    static let ownKeys = ["name", "title", "url", "topics", "body", "filter"]

    let place: SourcePlace
    var name: Located<String>?
    var title: String?
    var url: Located<EndpointURL>?
    var topics: [Located<TopicPattern>]
    var body: Located<BodyTemplate>?
    /// Where `body` stands, whether it could be read or not.
    var bodyPlace: SourcePlace?
    var filter: Filter?
    var options: SubscriptionOptions

    /// Reads an entry. Whatever doesn't fit is reported; `nil` where it is no mapping at all.
    init?(_ node: ConfigNode, context: LoadContext) {
        let keys = Self.ownKeys + SubscriptionOptions.keys
        guard let section = Section(node, "a subscription", keys: keys, problems: context.problems) else { return nil }
        place = section.place
        for key in ["name", "url", "topics"] { section.require(key) }
        name = Self.name(section, context)
        title = section.text("title")?.value
        if let title, title.hasControlCharacters, let node = section.node("title") {
            context.problems.error(node.place, "`title` must not hold control characters")
        }
        url = Self.url(section, context)
        topics = Self.topics(section, context)
        bodyPlace = section.keyPlace("body")
        body = Self.body(section, context)
        filter = section.container("filter").flatMap(FilterLoader(problems: context.problems).load)
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

    private static func url(_ section: Section, _ context: LoadContext) -> Located<EndpointURL>? {
        guard let node = section.node("url"),
            let text = SourceReader(context: context).text(node, "`url`")
        else { return nil }
        switch EndpointURLParser.parse(text.value.value, isSecret: text.value.isExternal) {
        case .success(let url):
            return Located(value: url, place: text.place)
        case .failure(let error):
            context.problems.error(text.place, "`url` \(error)")
            return nil
        }
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

    private static func body(_ section: Section, _ context: LoadContext) -> Located<BodyTemplate>? {
        guard let path = section.text("body") else { return nil }
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
    /// Where the value of `name` stands.
    package var place: SourcePlace
    /// Where `body` stands; `nil` without a custom body.
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
        "profile", "contentType", "tenant", "basicAuth", "bearer", "authorization", "secrets", "headers", "tls",
        "httpVersion", "enabled", "delivery",
    ]

    var profile: Located<String>?
    var contentType: Located<ContentType>?
    var tenant: Located<String>?
    var authentication: Located<Authentication>?
    /// `nil` where the key is missing.
    var secrets: Located<[Located<Secret>]>?
    /// Whether a secret was given that could not be read, which has been reported.
    var hasUnreadableSecrets = false
    var headers: [Located<ConfiguredHeader>] = []
    var authorities: ByteString?
    var identity: TLSIdentity?
    /// Where `tls` stands.
    var tlsPlace: SourcePlace?
    var httpVersion: Located<HTTPVersion>?
    var isEnabled: Bool?
    var delivery = DeliveryOverrides()

    /// Says nothing.
    init() {}

    init(_ section: Section, context: LoadContext) {
        let problems = context.problems
        profile = section.text("profile")
        contentType = section.choice("contentType", of: ContentType.self)
        tenant = section.text("tenant")
        if let tenant, !Event.isValidTenant(tenant.value) {
            problems.error(tenant.place, "`tenant` must be 1 to 256 bytes without control characters")
        }
        authentication = AuthenticationLoader(context: context).load(section)
        (secrets, hasUnreadableSecrets) = Self.secrets(section, context)
        headers = HeaderLoader(context: context).load(section)
        if let node = section.container("tls") {
            tlsPlace = section.keyPlace("tls")
            (authorities, identity) = TLSLoader(context: context).load(node)
        }
        httpVersion = section.choice("httpVersion", of: HTTPVersion.self)
        isEnabled = section.bool("enabled")?.value
        if let node = section.container("delivery") { delivery = DeliveryOverrides(node, problems: problems) }
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
