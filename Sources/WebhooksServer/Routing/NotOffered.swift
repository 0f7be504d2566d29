/// Operations of the client libraries that this server doesn't have, and the reason for each.
///
/// They are answered with 404 and not 501: the libraries repeat what fails with 500 and above.
enum NotOffered {
    private static let usage = "Usage figures are not offered by this server: /metrics has them."
    private static let templates =
        "Transformations are not offered by this server: profiles and templates of the configuration make the body."

    /// A `*` stands for one segment, or at its end for the rest of it, `**` at the end for any number; the first that fits counts.
    private static let reasons: [(pattern: String, reason: String)] = [
        ("app/*/alert-email", "Alert addresses are not offered by this server: subscribe to its operational events."),
        ("app/stats/**", usage),
        ("app/*/stats/**", usage),
        ("stats/app/**", usage),
        ("stats/usage/event-types", usage),
        ("stats/endpoint/count", usage),
        ("app/*/endpoint/*/transformation/**", templates),
        ("app/*/endpoint/*/transformation-template/**", templates),
        ("transformation-template/**", templates),
        ("app/*/endpoint/*/oauth*/**", "OAuth is not offered by this server: use the endpoint's headers."),
        ("app/*/endpoint/*/mtls*/**", "Client certificates are set in the server's configuration file (tls)."),
        ("app/*/endpoint/*/ca", "Authorities are set in the server's configuration file (tls.ca)."),
        ("app/*/endpoint/*/connector*/**", "Connectors are not offered by this server."),
        ("app/*/endpoint/*/cancel-msgs", "Cancelling is not offered over HTTP: it is the operator's."),
        ("app/*/endpoint/*/rate-limit-status", "The state of rate limits is not offered over HTTP: see /metrics."),
        ("app/*/endpoint/*/msg/test-attempt", "Test attempts are not offered by this server: use send-example."),
        ("app/*/autoconfig/**", "Automatic configuration of endpoints is not offered by this server."),
        ("app/*/endpoint/*/auto-config/**", "Automatic configuration of endpoints is not offered by this server."),
        ("app/*/auto-config/**", "Automatic configuration of endpoints is not offered by this server."),
        ("app/*/msg/search", "Searching messages is not offered by this server: list them with filters."),
        ("app/*/msg/*/raw", "Raw messages are not offered by this server: get the message."),
        (
            "app/*/msg/*/attempt/*/headers",
            "The headers of attempts are not offered over HTTP: they are in the operator's log."
        ),
        (
            "app/*/attempt/endpoint/*/count",
            "Counting attempts is not offered by this server: use the endpoint's stats."
        ),
        ("app/*/events/**", "Pulling events is not offered by this server: list messages and attempts."),
        ("app/*/poller/**", "Pulling events is not offered by this server: list messages and attempts."),
        ("app/*/polling-endpoint/**", "Pulling events is not offered by this server: list messages and attempts."),
        ("events/**", "Pulling events is not offered by this server: list messages and attempts."),
        ("msg/broadcast", "Broadcasts are not offered by this server: create a message for each application."),
        ("broadcast/**", "Broadcasts are not offered by this server: create a message for each application."),
        (
            "event-type/*/retry-schedule",
            "The schedule of retries is set in the server's configuration (delivery.schedule)."
        ),
        ("event-type/export/openapi", "Exporting event types is not offered by this server: list them."),
        (
            "event-type/schema/generate-example",
            "Generating examples is not offered by this server: give one in the schema."
        ),
        (
            "auth/**",
            "This kind of token is not offered by this server: it has organisation tokens and app-portal-access."
        ),
        (
            "operational-webhook/**",
            "Operational webhooks are not offered over HTTP: subscribe to `webhooks.…` topics in the configuration."
        ),
        ("app/*/integration/**", "Integrations are not offered by this server."),
        ("app/*/connector*/**", "Connectors are not offered by this server."),
        ("connector/**", "Connectors are not offered by this server."),
        ("app/*/destination/**", "Destinations are not offered by this server: make an endpoint."),
        ("app/*/sink/**", "Sinks are not offered by this server: make an endpoint."),
        ("app/*/inbound/**", "Ingestion is not offered by this server."),
        ("webhook-sink/**", "Sinks are not offered by this server."),
        ("destination/**", "Destinations are not offered by this server."),
        ("sink/**", "Sinks are not offered by this server."),
        ("stream/**", "Streams are not offered by this server."),
        ("ingest/**", "Ingestion is not offered by this server."),
        ("inbound/**", "Ingestion is not offered by this server."),
        ("environment/**", "Environments are not offered by this server: it has one, that of its configuration."),
        ("management/**", "Management is not offered over HTTP: it is the server's configuration."),
        ("organization/**", "Management is not offered over HTTP: it is the server's configuration."),
    ]

    private static let patterns = reasons.map { ($0.pattern.split(separator: "/").map(String.init), $0.reason) }

    /// The reason for a path of the API, given behind `/api/v1`.
    static func reason(_ segments: some Collection<String>) -> String? {
        let segments = Array(segments)
        return patterns.first { fits($0.0, segments) }?.1
    }

    private static func fits(_ pattern: [String], _ segments: [String]) -> Bool {
        for (index, part) in pattern.enumerated() {
            if part == "**" { return true }
            guard index < segments.count, fits(part, segments[index]) else { return false }
        }
        return pattern.count == segments.count
    }

    private static func fits(_ part: String, _ segment: String) -> Bool {
        part == segment || part.hasSuffix("*") && segment.hasPrefix(part.dropLast())
    }

    /// The error for a path that has no operation, or none by this method.
    ///
    /// - Parameter methods: those that there are operations by.
    static func error(
        _ method: String,
        _ path: APIPath?,
        _ target: String,
        methods: [String] = []
    ) -> APIError {
        let shown = String((path?.text ?? target).prefix(200))
        if let path {
            var segments = path.segments[...]
            if segments.first == "ingest" {
                return APIError(404, "not_supported", "Ingestion is not offered by this server.")
            }
            if segments.prefix(2) == ["api", "v1"] {
                segments = segments.dropFirst(2)
                if let reason = reason(segments) { return APIError(404, "not_supported", reason) }
                if let last = methods.last {
                    let others = methods.dropLast().joined(separator: ", ")
                    let all = others.isEmpty ? last : "\(others) or \(last)"
                    return APIError(
                        404,
                        "not_supported",
                        "\(method.prefix(16)) \(shown) is not offered by this server: this path has \(all)."
                    )
                }
            }
        }
        return APIError(404, "not_found", "There is no such path: \(method.prefix(16)) \(shown).")
    }
}
