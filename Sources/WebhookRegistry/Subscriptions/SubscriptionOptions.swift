internal import WebhookCore

/// What an entry of `subscriptions`, or `defaults`, says apart from what only an entry can say.
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
