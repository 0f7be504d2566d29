/// A subscription in the configuration of a test.
struct Endpoint: Sendable {
    var name: String
    var url: String
    var topics = "\"**\""
    var secrets = [Endpoint.secret]
    /// The entry's `delivery`.
    var delivery = """
        schedule: [1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms, 1ms], jitter: 0%, timeout: 30s, \
        breaker: { failures: 1000, pause: 1s }
        """
    /// Further settings, each a `key: value`.
    var settings: [String] = []

    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let nextSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    /// At least once, and again at once.
    static func retry(_ name: String, _ url: String, _ delivery: String? = nil) -> Endpoint {
        var endpoint = Endpoint(name: name, url: url + "/" + name)
        if let delivery { endpoint.delivery = delivery }
        return endpoint
    }

    /// At most once.
    static func singleShot(_ name: String, _ url: String, _ delivery: String? = nil) -> Endpoint {
        var endpoint = retry(name, url, delivery)
        endpoint.delivery = "mode: single-shot, " + endpoint.delivery
        return endpoint
    }

    /// With other topics.
    func topics(_ topics: String) -> Endpoint {
        var endpoint = self
        endpoint.topics = topics
        return endpoint
    }

    var yaml: String {
        var lines = [
            "  - name: \(name)",
            "    url: \(url)",
            "    topics: [\(topics)]",
            "    secrets: [\(secrets.joined(separator: ", "))]",
            "    delivery: { \(delivery) }",
        ]
        lines += settings.map { "    " + $0 }
        return lines.joined(separator: "\n")
    }
}
