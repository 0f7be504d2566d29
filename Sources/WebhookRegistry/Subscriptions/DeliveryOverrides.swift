internal import WebhookCore

/// The settings of one `delivery:`; the rest comes from the next level.
struct DeliveryOverrides {
    static let keys = [
        "mode", "schedule", "jitter", "timeout", "connectTimeout", "maxInFlight", "rateLimit", "ordered",
        "disableAfter",
        "breaker",
    ]

    private var mode: DeliveryMode?
    private var schedule: [Duration]?
    private var jitter: Double?
    private var timeout: Duration?
    private var connectTimeout: Duration?
    private var maxInFlight: Int?
    private var rateLimit: RateLimit?
    private var ordered: Bool?
    private var disableAfter: Duration?
    private var breakerFailures: Int?
    private var breakerPause: Duration?
    /// The places of the settings that others can make useless.
    private var places: [String: SourcePlace] = [:]

    /// Changes nothing.
    init() {}

    /// Reads a `delivery:`; what doesn't fit is reported and left as it was.
    ///
    /// - Parameter limits: those of whoever says it.
    init(_ node: ConfigNode, _ limits: SubscriptionLimits = .trusted, problems: Problems) {
        guard let section = Section(node, "`delivery`", keys: Self.keys, problems: problems) else { return }
        for key in ["schedule", "jitter", "maxInFlight", "connectTimeout"] { places[key] = section.keyPlace(key) }
        mode = section.choice("mode", of: DeliveryMode.self)?.value
        schedule = Self.schedule(section, limits)
        jitter = section.node("jitter").flatMap { section.read.percentage($0, "`jitter`") }?.value
        func timeout(_ key: String) -> Duration? {
            let longest = limits.longestTimeout
            let message = "`\(key)` must be at most \(limits == .trusted ? "1h" : "60s")"
            return limits.bound(section.duration(key), .zero...longest, message, problems)
        }
        self.timeout = timeout("timeout")
        connectTimeout = timeout("connectTimeout")
        maxInFlight = limits.bound(
            section.integer("maxInFlight", 1...1_000_000),
            1...limits.mostInFlight,
            "`maxInFlight` must be at most \(limits.mostInFlight)",
            problems
        )
        rateLimit = section.node("rateLimit").flatMap { section.read.rate($0, "`rateLimit`") }?.value
        ordered = section.bool("ordered")?.value
        disableAfter = section.duration("disableAfter")?.value
        if let node = section.container("breaker"),
            let breaker = Section(node, "`breaker`", keys: ["failures", "pause"], problems: problems)
        {
            breakerFailures = limits.bound(
                breaker.integer("failures", 1...1_000_000),
                1...limits.mostFailures,
                "`failures` must be at most \(limits.mostFailures)",
                problems
            )
            breakerPause = limits.bound(
                breaker.duration("pause"),
                limits.shortestPause...DeliveryPolicy.longest,
                "`pause` must be at least 1s",
                problems
            )
        }
    }

    /// Puts what is said over a policy.
    func apply(to policy: inout DeliveryPolicy) {
        if let mode { policy.mode = mode }
        if let schedule { policy.schedule = schedule }
        if let jitter { policy.jitter = jitter }
        if let timeout { policy.timeout = timeout }
        if let connectTimeout { policy.connectTimeout = connectTimeout }
        if let maxInFlight { policy.maxInFlight = maxInFlight }
        if let rateLimit { policy.rateLimit = rateLimit }
        if let ordered { policy.ordered = ordered }
        if let disableAfter { policy.disableAfter = disableAfter }
        if let breakerFailures { policy.breaker.failures = breakerFailures }
        if let breakerPause { policy.breaker.pause = breakerPause }
    }

    /// Warns of what is said here and does nothing beside the rest of the policy.
    func warnOfSettingsWithoutEffect(_ policy: DeliveryPolicy, _ problems: Problems) {
        func warn(_ key: String, _ reason: String) {
            if let place = places[key] { problems.warning(place, "`\(key)` does nothing here: \(reason)") }
        }
        if policy.mode == .singleShot {
            let reason = "under `mode: single-shot` there is one attempt and no other"
            if schedule != nil { warn("schedule", reason) }
            if jitter != nil { warn("jitter", reason) }
        }
        if policy.ordered, let maxInFlight, maxInFlight > 1 {
            warn("maxInFlight", "with `ordered: true` the next request waits for the one before")
        }
        if let connectTimeout, connectTimeout > policy.timeout {
            warn("connectTimeout", "`timeout` ends the whole attempt before")
        }
    }

    /// The waits; an empty list means one attempt and no other.
    private static func schedule(_ section: Section, _ limits: SubscriptionLimits) -> [Duration]? {
        guard let items = section.items("schedule") else { return nil }
        let problems = section.read.problems
        guard items.count <= limits.mostWaits || limits == .storedBefore else {
            let message = "`schedule` may have \(limits.mostWaits) waits\(limits.note)"
            problems.error(section.keyPlace("schedule") ?? section.place, message)
            return nil
        }
        return items.prefix(limits.mostWaits).compactMap { item in
            limits.bound(
                section.read.duration(item, "a wait in `schedule`", allowsZero: true),
                limits.shortestWait...DeliveryPolicy.longest,
                "a wait in `schedule` must be at least 1s",
                problems
            )
        }
    }
}

/// The bounds of a delivery policy, the same as a file's.
enum PolicyRules {
    static func problems(_ policy: DeliveryPolicy) -> [SubscriptionProblem] {
        var messages: [String] = []
        func expect(_ holds: Bool, _ message: String) { if !holds { messages.append(message) } }
        let (limits, longest) = (SubscriptionLimits.trusted, DeliveryPolicy.longest)
        expect(policy.schedule.count <= limits.mostWaits, "`schedule` may have \(limits.mostWaits) waits")
        expect(
            policy.schedule.allSatisfy { (.zero...longest).contains($0) },
            "a wait in `schedule` must be 0 to 3650 days"
        )
        expect((0...1).contains(policy.jitter), "`jitter` must be a percentage from 0% to 100%, such as 20%")
        for (name, value) in [("timeout", policy.timeout), ("connectTimeout", policy.connectTimeout)] {
            expect(value > .zero && value <= limits.longestTimeout, "`\(name)` must be more than 0, and at most 1h")
        }
        for (name, value) in [("disableAfter", policy.disableAfter), ("pause", policy.breaker.pause)] {
            expect(value > .zero && value <= longest, "`\(name)` must be more than 0, and at most 3650 days")
        }
        for (name, value) in [("maxInFlight", policy.maxInFlight), ("failures", policy.breaker.failures)] {
            expect((1...1_000_000).contains(value), "`\(name)` must be a whole number from 1 to 1000000")
        }
        if let rate = policy.rateLimit {
            expect(
                (1...1_000_000_000).contains(rate.count) && rate.period > .zero && rate.period <= longest,
                "`rateLimit` must be a rate from 1 to 1000000000, in a period of more than 0"
            )
        }
        return messages.map { SubscriptionProblem(.delivery, $0) }
    }
}
