import WebhookReceiver

/// The subscriptions of a storm, and what each promises.
enum StormSubscriptions {
    static let rate = Promise.Rate(count: 10, seconds: 1)
    private static let spread = (1...4).map { "spread\($0)" }
    /// Emitted one after the other by one emitter, so that the order of acceptance is also that in which they can be seen.
    static let orderedTopic = "storm.ordered"

    private static let all: Set<String> = [Topic.plain, orderedTopic]

    static let promises: [Promise] =
        [
            Promise(name: "once", topics: all, delivers: true),
            Promise(name: "ordered", topics: [orderedTopic], delivers: true, isOrdered: true),
            Promise(name: "limited", topics: [orderedTopic], delivers: true, rate: rate),
            // The older file doesn't know it: what its node matches isn't for it.
            Promise(name: "new", topics: all, delivers: false),
        ] + spread.map { Promise(name: $0, topics: all, delivers: true) }

    private static let patient = """
        schedule: [\(Array(repeating: "150ms", count: 400).joined(separator: ", "))], jitter: 10%, \
        breaker: { failures: 60, pause: 500ms }, timeout: 5s
        """

    /// - Parameter isOlder: whether it is the file of before.
    static func yaml(_ receivers: StormReceivers, isOlder: Bool = false) -> String {
        func entry(_ name: String, _ url: String, _ delivery: String) -> String {
            let topics = promises.first { $0.name == name }?.topics.sorted().joined(separator: ", ") ?? ""
            return """
                  - { name: \(name), url: "\(url)/\(name)", topics: [\(topics)], \
                secrets: [\(Subscriptions.secret)], delivery: { \(delivery) } }
                """
        }
        var entries = [
            entry("once", receivers.late.url, "mode: single-shot, timeout: 5s"),
            entry("ordered", receivers.failing.url, "ordered: true, \(patient)"),
            entry("limited", receivers.good.url, "rateLimit: \(rate.count)/s, \(patient)"),
        ]
        entries += spread.map { entry($0, receivers.failing.url, patient) }
        if !isOlder { entries.append(entry("new", receivers.good.url, patient)) }
        return entries.joined(separator: "\n")
    }
}

/// The receivers of a storm: one that accepts, one that is late, and one that refuses a part.
struct StormReceivers: Sendable {
    let good: Receiver
    let late: Receiver
    let failing: Receiver

    init(_ ledger: Ledger) throws {
        good = try GoodReceiver.make(ledger) { _ in .init() }
        late = try GoodReceiver.make(ledger) { .init(delayMilliseconds: $0 % 10 == 0 ? 400 : $0 % 7) }
        failing = try GoodReceiver.make(ledger) { .init(accepts: $0 % 5 != 0, delayMilliseconds: $0 % 7) }
    }

    func stop() { for receiver in [good, late, failing] { receiver.stop() } }
}
