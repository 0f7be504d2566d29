package import WebhookCore

/// The bounds of what one subscription may ask of a dispatcher that all share.
package enum SubscriptionLimits: Sendable {
    /// Bounds of the configuration, of profiles and of a host: whoever runs the dispatcher.
    case trusted
    /// Bounds of what is put into the store: anybody may have written it who has the token of an application.
    case stored
    /// Bounds of what was put there by other rules: it is brought within the bounds, rather than refused.
    case storedBefore

    /// The longest `timeout` and `connectTimeout`: so long a receiver that hangs keeps a slot.
    var longestTimeout: Duration { self == .trusted ? .seconds(3600) : .seconds(60) }
    var mostInFlight: Int { self == .trusted ? 1_000_000 : 64 }
    /// The most waits of a schedule.
    var mostWaits: Int { self == .trusted ? 1000 : 50 }
    var shortestWait: Duration { self == .trusted ? .zero : .seconds(1) }
    /// The most failures in a row before a pause.
    var mostFailures: Int { self == .trusted ? 1_000_000 : 100 }
    /// The shortest first pause.
    var shortestPause: Duration { self == .trusted ? .milliseconds(1) : .seconds(1) }

    /// The bounds of a filter. What was stored before can't be brought within them without changing what it says.
    var filter: FilterLimits { self == .stored ? .stored : .trusted }
    /// The bounds of all filters of a mapping: what is sent is compared with them, not every event.
    var mapping: FilterLimits { self == .stored ? .storedMapping : .trusted }

    /// The most tags in all templates. Each is looked up as the templates are judged, by a thread that all changes share, and
    /// with each event.
    private var mostTags: Int { self == .stored ? 1_000 : .max }

    /// Says what is too much of a subscription's templates; `nil`: nothing.
    package func problem(ofTemplates subscription: Subscription) -> String? {
        guard mostTags < .max else { return nil }
        let templates = subscription.topicBodies.map(\.body) + [subscription.body].compactMap(\.self)
        let tags = templates.reduce(0) { $0 + $1.source.ranges(of: "{{").count }
        return tags > mostTags ? "templates may have \(mostTags) tags in all\(note)" : nil
    }

    /// The part of the slots that one subscription of the store may have.
    static let share = 4

    /// Brings a value within bounds, or reports that it isn't there.
    ///
    /// - Parameter message: says so.
    func bound<Value: Comparable>(
        _ read: Located<Value>?,
        _ range: ClosedRange<Value>,
        _ message: String,
        _ problems: Problems
    ) -> Value? {
        guard let read else { return nil }
        if range.contains(read.value) { return read.value }
        guard self == .storedBefore else {
            problems.error(read.place, message + note)
            return nil
        }
        return min(max(read.value, range.lowerBound), range.upperBound)
    }

    /// Goes on from a message: why the bound is tighter than the documentation of the file has it.
    var note: String { self == .trusted ? "" : " in a subscription that is kept in the store" }
}

/// The bounds of a filter: every event that a subscription's topics take is compared with all of it.
///
/// A condition goes over its value once, and what it compares with is short. So the worst filter costs as many passes over an
/// event as it has conditions: 20 of the store's, over 256 KiB that are one text, look at 5 MiB.
struct FilterLimits: Sendable, Equatable {
    static let trusted = FilterLimits(conditions: 1000, values: 10_000, text: 16 << 10)
    static let stored = FilterLimits(conditions: 20, values: 1000, text: 1 << 10)
    static let storedMapping = FilterLimits(conditions: 100, values: 1000, text: 1 << 10)

    /// The most conditions, those within `any` and `not` among them.
    var conditions: Int
    /// The most values in all lists of `in` and `nin`.
    var values: Int
    /// The most bytes of a path, or of what is compared with.
    var text: Int

    /// Says what is too much; `nil`: nothing.
    ///
    /// - Parameter subject: what has that size: "a filter has", "the filters of a mapping have".
    func problem(_ size: Filter.Size, of subject: String = "a filter has") -> String? {
        if size.conditions > conditions {
            return "\(subject) at most \(conditions) conditions, those within `any` and `not` too"
        }
        if size.values > values { return "\(subject) at most \(values) values in the lists of `in` and `nin`" }
        if size.longest > text { return "\(subject) paths and values of at most \(text) bytes" }
        return nil
    }
}
