import Testing
import WebhookCore
import WebhookRegistry
import WebhookRendering

/// Requests from configuration to headers, as a dispatcher makes them.
struct SignedRequests {
    private let registry: Registry
    private let renderer: WebhookRenderer
    /// Now, since receivers refuse what is old.
    static let now = Timestamp.now
    static let url = "https://receiver.example/hook/%E2%98%83?school=north&a=b%26c"
    static let id = "evt_3kTMd1XwpEcvXX6nx0ZTYk"

    /// - Parameters:
    ///   - profile: the profile's name; `custom` for one with `signature` and an envelope of the data alone.
    ///   - lines: what the subscription says besides, one entry a line.
    init(profile: String = "custom", signature: String = "", contentType: String = "application/json", _ lines: String)
        throws
    {
        var files = ConfigurationTexts()
        files["w.yaml"] = """
            templates: profiles
            subscriptions:
              - name: one
                url: "\(Self.url)"
                topics: ["**"]
                profile: \(profile)
                contentType: \(contentType)
            \(lines.split(separator: "\n").map { "    \($0)" }.joined(separator: "\n"))
            """
        files["profiles/custom/profile.json"] = """
            { "title": "Custom", "anyTopic": true,
              "contentTypes": ["application/json", "application/xml", "application/x-www-form-urlencoded"],
              \(signature.isEmpty ? "" : "\"signature\": \(signature),")
              "body": { "data": "$data" },
              "topics": [{ "topic": "**", "title": "t", "trigger": "t", "documented": false, "example": null }] }
            """
        let loaded = ConfigurationLoader(environment: [:], files: files).load(path: "w.yaml")
        registry = try #require(loaded.registry, "\(loaded.diagnostics)")
        renderer = WebhookRenderer(registry: registry)
    }

    /// The request of an event with this data.
    func request(
        _ data: ByteString = #"{"naïve":"☃ \u0000","n":1.50}"#,
        topic: String = "course.enrollment",
        at now: Timestamp = Self.now
    ) throws -> TransportRequest {
        let subscription = try #require(registry.subscriptions.first)
        let event = try Event(topic: topic, data: data, id: Self.id, tenant: "school", occurredAt: now)
        let rendered = renderer.render(event, for: [subscription])
        let renderedBody = try rendered.renderedBodies[0].get()
        let context = AttemptContext(
            event: EventHeader(row: 1, id: event.id, topic: event.topic, tenant: event.tenant, isTest: false),
            delivery: nil,
            attempt: 1,
            contentType: renderedBody.contentType,
            mode: .retry,
            at: now
        )
        return try renderer.request(for: context, to: subscription, body: rendered.bodies[renderedBody.body]).request
    }
}

/// Files that are only there for a test.
private struct ConfigurationTexts: ConfigurationFiles {
    private var texts: [String: String] = [:]

    subscript(path: String) -> String? {
        get { texts[path] }
        set { texts[path] = newValue }
    }

    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        guard let text = texts[path] else { throw FileProblem.missing }
        return ByteString(text)
    }

    func folders(in path: String) throws(FileProblem) -> [String] { ["custom"] }
}
