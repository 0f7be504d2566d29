/// The subscriptions of a round, and what each promises.
enum Subscriptions {
    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    static let nextSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"

    /// Retries for longer than any round takes.
    private static let patient = """
        schedule: [\(Array(repeating: "150ms", count: 400).joined(separator: ", "))], jitter: 10%, \
        breaker: { failures: 60, pause: 500ms }
        """
    private static let quickTimeouts = "timeout: 1500ms, connectTimeout: 1s"

    struct Receivers: Sendable {
        var good: String
        var late: String
        var ordered: String
        var faulty: String
        var hostile: String
        /// Faulty, over TLS, with the file of its authority.
        var secure: String
        var authority: String
    }

    static let promises: [Promise] = [
        Promise(name: "healthy", topics: all, delivers: true, flow: .seconds(60)),
        Promise(name: "once", topics: all, delivers: true),
        Promise(name: "ordered", topics: ordered, delivers: true, isOrdered: true),
        Promise(name: "faulty", topics: all, delivers: true),
        Promise(name: "faulty-once", topics: all, delivers: true),
        Promise(name: "secure", topics: all, delivers: true),
        Promise(name: "limited", topics: [Topic.hosted], delivers: true),
        Promise(name: "coming", topics: all, delivers: false),
        Promise(name: "poison", topics: [Topic.poison], delivers: false, ends: ["failed"]),
        Promise(name: "hostile", topics: [Topic.plain], delivers: false, settles: false),
    ]

    private static let all: Set<String> = [Topic.plain, Topic.later, Topic.hosted]
    private static let ordered: Set<String> = [Topic.plain, Topic.hosted]

    /// The configuration's subscriptions.
    ///
    /// - Parameters:
    ///   - isRotated: whether secrets are being rotated.
    ///   - hasComing: whether the one that comes and goes is there.
    static func yaml(_ receivers: Receivers, isRotated: Bool = false, hasComing: Bool = true) -> String {
        let secrets = isRotated ? "[\(nextSecret), \(secret)]" : "[\(secret)]"
        func entry(_ name: String, _ url: String, _ delivery: String, settings: String = "") -> String {
            let topics = promises.first { $0.name == name }?.topics.sorted().joined(separator: ", ") ?? ""
            return """
                  - { name: \(name), url: "\(url)/\(name)", topics: [\(topics)], secrets: \(secrets), \(settings)\
                delivery: { \(delivery) } }
                """
        }
        var entries = [
            entry("healthy", receivers.good, "\(patient), timeout: 10s"),
            entry("once", receivers.late, "mode: single-shot, timeout: 10s"),
            entry("ordered", receivers.ordered, "ordered: true, \(patient), timeout: 5s"),
            entry("faulty", receivers.faulty, "\(patient), \(quickTimeouts)"),
            entry("faulty-once", receivers.faulty, "mode: single-shot, \(quickTimeouts)"),
            entry(
                "secure",
                receivers.secure,
                "\(patient), \(quickTimeouts)",
                settings: "tls: { ca: \"\(receivers.authority)\" }, "
            ),
            entry("limited", receivers.good, "rateLimit: 100/s, \(patient)"),
            entry(
                "poison",
                receivers.good,
                patient,
                settings: "contentType: application/x-www-form-urlencoded, "
            ),
            entry("hostile", receivers.hostile, "schedule: [50ms, 100ms], \(quickTimeouts)"),
        ]
        if hasComing { entries.append(entry("coming", receivers.good, patient)) }
        return entries.joined(separator: "\n")
    }
}
