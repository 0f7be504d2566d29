internal import BenchSupport
internal import Foundation
internal import Logging
internal import Webhooks
internal import WebhooksBenchmarking

/// The work that the command line asks for, and the subscriptions that follow from it.
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
    private let url: URLComponents
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
            parts.scheme != nil, parts.host != nil, parts.port != nil
        else { fail("--url needs a scheme, a host, a port and a path") }
        url = parts
    }

    static let topic = "course.created"
    static let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    /// Every endpoint, the dead ones last.
    func subscriptions() -> [SubscriptionDraft] {
        let tls = options.text("ca").flatMap(FileManager.default.contents).map {
            TLSOptions(authorities: ByteString($0))
        }
        return (0..<endpoints + dead).map { number in
            var target = url
            target.path = number < endpoints ? "\(url.path)\(number)" : "/dead/\(number)"
            target.port = (url.port ?? 0) + number % ports
            var subscription = SubscriptionDraft(name: "s\(number)", url: target.string ?? "", topics: [Self.topic])
            subscription.profile = profile
            subscription.tenant = sharesEvents ? nil : tenant(number)
            subscription.secrets = [Secret(Self.secret)]
            subscription.delivery = delivery
            subscription.tls = tls
            if options.number("http2", default: 0) != 0 { subscription.httpVersion = "2" }
            if options.text("content") == "xml" { subscription.contentType = "application/xml" }
            subscription.body = body
            subscription.schema = options.text("schema", default: "warn")
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

    /// True when every event is for every endpoint.
    private var sharesEvents: Bool { options.text("scenario") == "fan-out" }

    func tenant(_ number: Int) -> String { "school-\(number)" }

    private var delivery: JSONValue {
        let maxInFlight = options.number("max-in-flight", default: 64)
        let timeout = options.number("timeout-ms", default: 15_000)
        let wait = options.number("retry-after-ms", default: 0)
        let limits = #""maxInFlight":\#(maxInFlight),"timeout":"\#(timeout)ms""#
        guard wait > 0 else { return Self.json("{\(limits)}") }
        let schedule = Array(repeating: "\"\(wait)ms\"", count: 30).joined(separator: ",")
        return Self.json(
            #"{\#(limits),"schedule":[\#(schedule)],"jitter":"0%","breaker":{"failures":1000}}"#
        )
    }

    private static func json(_ text: String) -> JSONValue {
        guard let value = try? JSONValue(parsing: ByteString(text)) else {
            fail("no JSON: \(text)")
        }
        return value
    }

    private var body: JSONValue? {
        guard options.text("content") == "mustache" else { return nil }
        let source = #"""
            {"event":"{{topic}}","id":"{{id}}","at":{{timestamp}},"tenant":"{{tenant}}","note":"{{data.note}}",
            "course":{{#data.course}}{"id":{{{id}}},"name":"{{name}}","price":"{{price}}"}{{/data.course}}
            {{^data.course}}null{{/data.course}},
            "student":{{#data.student}}{"id":{{{id}}},"email":"{{email}}","roles":{{{roles}}}}{{/data.student}}
            {{^data.student}}null{{/data.student}}}
            """#
        return JSONValue(stringLiteral: source)
    }

    /// The product, as a host would make it.
    func dispatcher(log: ReadinessLog) async throws -> WebhookDispatcher {
        try FileManager.default.createDirectory(
            atPath: (store.path as NSString).deletingLastPathComponent,
            withIntermediateDirectories: true
        )
        return try await WebhookDispatcher(
            configuration: configuration(location),
            logger: Logger(label: "bench") { _ in log }
        )
    }

    /// A database where the command line names one, else the file.
    var location: StoreLocation {
        options.text("postgres").map { .postgres(Secret($0)) } ?? .sqlite(path: store.path)
    }

    /// - Parameter location: `nil` where the store is a host's database.
    func configuration(_ location: StoreLocation?) throws -> WebhookConfiguration {
        var settings = DispatcherSettings()
        settings.store = location
        settings.lease = .seconds(options.number("lease-seconds", default: 15))
        settings.egress = try EgressPolicy(allow: ["127.0.0.0/8"])
        settings.maxInFlight = options.number("dispatcher-max-in-flight", default: settings.maxInFlight)
        return try BenchmarkConfiguration.make(subscriptions(), settings: settings)
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
