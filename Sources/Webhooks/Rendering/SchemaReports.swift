internal import Logging
internal import Synchronization
internal import WebhookCore
internal import WebhookEngine

/// A renderer that tells the log of payloads that don't fit the catalogue: once in a while for each subscription and topic,
/// for a host that emits one such event emits thousands.
final class SchemaReportingRenderer: DeliveryRenderer {
    private let base: any DeliveryRenderer
    private let clock: any WebhookClock
    private let report: @Sendable (SchemaFinding, _ unreported: Int) -> Void
    private let pace: SharedPace

    init(
        _ base: any DeliveryRenderer,
        clock: any WebhookClock = SystemClock(),
        pace: SharedPace = SharedPace(),
        report: @escaping @Sendable (SchemaFinding, _ unreported: Int) -> Void
    ) {
        self.base = base
        self.clock = clock
        self.pace = pace
        self.report = report
    }

    /// The pace of all renderers that follow one another.
    final class SharedPace: Sendable {
        let value = Mutex(ReportPace())
    }

    /// Writes to a log.
    convenience init(_ base: any DeliveryRenderer, logger: Logger) {
        self.init(base) { finding, unreported in
            logger.warning(
                "the payload does not fit the catalogue: \(finding.violations.joined(separator: "; "))",
                metadata: [
                    "subscription": "\(finding.subscription)", "topic": "\(finding.topic)",
                    "profile": "\(finding.profile)", "unreported": "\(unreported)",
                ]
            )
        }
    }

    func render(_ event: Event, for subscriptions: [Subscription]) -> RenderedEvent {
        let rendered = base.render(event, for: subscriptions)
        for finding in rendered.findings {
            let unreported = pace.value.withLock { $0.admit(finding, at: clock.uptimeNanoseconds) }
            if let unreported { report(finding, unreported) }
        }
        return rendered
    }

    func request(for attempt: AttemptContext, to subscription: Subscription, body: ByteString) throws(RenderingError)
        -> PreparedRequest
    {
        try base.request(for: attempt, to: subscription, body: body)
    }

    func requests(to subscription: Subscription) -> any RequestMaker { base.requests(to: subscription) }

    /// Reports go on at the pace at which they went before.
    func replacing(_ base: any DeliveryRenderer) -> SchemaReportingRenderer {
        SchemaReportingRenderer(base, clock: clock, pace: pace, report: report)
    }

    func changing(
        removing names: [String],
        adding subscriptions: [Subscription],
        canonical: [ProfileTopic]
    ) -> any DeliveryRenderer {
        replacing(base.changing(removing: names, adding: subscriptions, canonical: canonical))
    }
}

extension ConfigurationSnapshot {
    /// The same, whose renderer tells the log of payloads that don't fit the catalogue.
    func reporting(to logger: Logger) -> ConfigurationSnapshot {
        ConfigurationSnapshot(
            registry: registry,
            renderer: SchemaReportingRenderer(renderer, logger: logger),
            hash: hash
        )
    }

    /// The same, whose renderer goes on with another one's reports.
    func reporting(after other: ConfigurationSnapshot) -> ConfigurationSnapshot {
        guard let reporting = other.renderer as? SchemaReportingRenderer else { return self }
        return ConfigurationSnapshot(registry: registry, renderer: reporting.replacing(renderer), hash: hash)
    }
}

extension DispatcherRole {
    /// True when its deliveries are new: of a test and of what was sent before the command itself tells.
    var reportsPayloads: Bool { self == .run || self == .emit }
}

/// The pace of reports: one in ten minutes for each subscription and topic.
struct ReportPace {
    private struct Key: Hashable {
        var subscription: String
        var topic: String
    }

    private static let interval: UInt64 = 600 * 1_000_000_000
    /// Beyond this number of findings nothing new is reported: a configuration has fewer subscriptions that differ.
    private static let most = 10_000

    private var last: [Key: (time: UInt64, unreported: Int)] = [:]

    /// Returns the number of findings kept back since the last report, if this one is due; `nil` if not.
    mutating func admit(_ finding: SchemaFinding, at now: UInt64) -> Int? {
        let key = Key(subscription: finding.subscription, topic: finding.topic)
        guard let known = last[key] else {
            guard last.count < Self.most else { return nil }
            last[key] = (now, 0)
            return 0
        }
        guard now - known.time >= Self.interval else {
            last[key] = (known.time, known.unreported + 1)
            return nil
        }
        last[key] = (now, 0)
        return known.unreported
    }
}
