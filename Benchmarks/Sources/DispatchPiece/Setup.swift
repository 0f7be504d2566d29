internal import BenchSupport
internal import Foundation
internal import Logging
internal import Webhooks

/// What the command line says about the work, and the subscriptions that follow from it.
struct Setup: Sendable {
    let options: Options
    let store: StoreFile
    /// Endpoints that answer.
    let endpoints: Int
    /// Endpoints behind those that never answer.
    let dead: Int
    let events: Int
    let callers: Int
    let payload: Payload
    private let url: EndpointURL
    private let ports: Int

    init(_ options: Options) {
        self.options = options
        store = StoreFile(options.text("store", default: ".work/store.sqlite"))
        endpoints = options.number("endpoints", default: 1)
        dead = options.number("dead", default: 0)
        events = options.number("events", default: 10_000)
        callers = options.number("callers", default: 64)
        payload = Payload(size: options.number("payload", default: 600), Self.shape(options))
        ports = options.number("ports", default: 1)
        guard let parts = URLComponents(string: options.text("url", default: "http://127.0.0.1:1/ok/")),
            let scheme = parts.scheme.flatMap(EndpointURL.Scheme.init(rawValue:)), let host = parts.host,
            let port = parts.port.flatMap(UInt16.init(exactly:))
        else { fail("--url needs a scheme, a host, a port and a path") }
        url = EndpointURL(scheme: scheme, host: host, port: port, target: parts.path)
    }

    static let topic = "course.created"
    static let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    /// Every endpoint, the dead ones last.
    func subscriptions() throws -> [Subscription] {
        let profile = try TopicCatalog().profile(profile)
        let topics = [try? TopicPattern(Self.topic)].compactMap { $0 }
        let tls = options.text("ca").flatMap(FileManager.default.contents).map {
            TLSOptions(authorities: ByteString($0))
        }
        let policy = policy
        let body = body
        return (0..<endpoints + dead).map { number in
            var target = url
            target.target = number < endpoints ? "\(url.target)\(number)" : "/dead/\(number)"
            target.port += UInt16(number % ports)
            var subscription = Subscription(name: "s\(number)", url: target, topics: topics, profile: profile)
            subscription.tenant = sharesEvents ? nil : tenant(number)
            subscription.secrets = [Secret(Self.secret)]
            subscription.policy = policy
            subscription.tls = tls
            if options.number("http2", default: 0) != 0 { subscription.httpVersion = .http2 }
            if options.text("content") == "xml" { subscription.contentType = .xml }
            subscription.body = body
            subscription.schema = SchemaMode(rawValue: options.text("schema", default: "warn")) ?? .warn
            return subscription
        }
    }

    /// The dialect: what is mapped is Loopwise's, and what is compared with the catalogue or not is the canonical event.
    private var profile: String {
        switch options.text("content") {
        case "mapped", "native": "loopwise"
        case "canonical": "lms"
        default: "standard"
        }
    }

    private static func shape(_ options: Options) -> Payload.Shape {
        switch options.text("content") {
        case "mapped", "canonical": .canonical
        case "native": .native
        default: .own
        }
    }

    /// Whether every event is for every endpoint.
    private var sharesEvents: Bool { options.text("scenario") == "fan-out" }

    func tenant(_ number: Int) -> String { "school-\(number)" }

    private var policy: DeliveryPolicy {
        var policy = DeliveryPolicy()
        policy.maxInFlight = options.number("max-in-flight", default: 64)
        policy.timeout = .milliseconds(options.number("timeout-ms", default: 15_000))
        let wait = options.number("retry-after-ms", default: 0)
        if wait > 0 {
            policy.schedule = Array(repeating: .milliseconds(wait), count: 30)
            policy.jitter = 0
            policy.breaker.failures = 1000
        }
        return policy
    }

    private var body: BodyTemplate? {
        guard options.text("content") == "mustache" else { return nil }
        let source = #"""
            {"event":"{{topic}}","id":"{{id}}","at":{{timestamp}},"tenant":"{{tenant}}","note":"{{data.note}}",
            "course":{{#data.course}}{"id":{{{id}}},"name":"{{name}}","price":"{{price}}"}{{/data.course}}
            {{^data.course}}null{{/data.course}},
            "student":{{#data.student}}{"id":{{{id}}},"email":"{{email}}","roles":{{{roles}}}}{{/data.student}}
            {{^data.student}}null{{/data.student}}}
            """#
        return BodyTemplate(name: "course.json.mustache", contentType: .json, source: source)
    }

    /// The product, as a host would make it.
    func dispatcher(log: ReadinessLog) async throws -> WebhookDispatcher {
        try FileManager.default.createDirectory(
            atPath: (store.path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        return try await WebhookDispatcher(
            configuration: configuration(storePath: store.path),
            logger: Logger(label: "bench") { _ in log }
        )
    }

    /// - Parameter storePath: `nil` where the store is a host's database.
    func configuration(storePath: String?) throws -> WebhookConfiguration {
        var settings = DispatcherSettings()
        settings.store = storePath.map { .sqlite(path: $0) }
        settings.egress = EgressPolicy(allow: [try? EgressRule("127.0.0.0/8")].compactMap { $0 })
        settings.maxInFlight = options.number("dispatcher-max-in-flight", default: settings.maxInFlight)
        return .values(try subscriptions(), settings: settings)
    }

    /// An event for an endpoint, sent at a time.
    func event(for endpoint: Int, at instant: Instant = .now) throws -> Event {
        try Event(
            topic: Self.topic,
            data: ByteString(payload.bytes(sentAt: instant)),
            tenant: sharesEvents ? nil : tenant(endpoint)
        )
    }
}
