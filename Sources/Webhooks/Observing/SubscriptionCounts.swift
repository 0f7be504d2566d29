internal import Metrics
internal import WebhookCore
internal import WebhookEngine

/// Counters with a subscription's label: numbers are added up here, and told a commit's worth at a time.
struct SubscriptionCounts {
    /// The handles of one label.
    private struct Handles {
        let label: String
        let duration: Metrics.Timer
        var attempts = Counts(SubscriptionCounts.outcomes.count * SubscriptionCounts.errors.count)
        var settled = Counts(SubscriptionCounts.states.count)
        var isTouched = false

        /// The backend keeps nothing more of them.
        func destroy() {
            duration.destroy()
            for counter in attempts.counters + settled.counters { counter?.destroy() }
        }
    }

    /// Counters by position, each made when it is first needed, and what they are not told yet.
    private struct Counts {
        var counters: [Counter?]
        var pending: [Int]

        init(_ count: Int) {
            counters = Array(repeating: nil, count: count)
            pending = Array(repeating: 0, count: count)
        }

        mutating func tell(_ make: (Int) -> Counter) {
            for index in pending.indices where pending[index] > 0 {
                let counter = counters[index] ?? make(index)
                counters[index] = counter
                counter.increment(by: pending[index])
                pending[index] = 0
            }
        }
    }

    private static let outcomes = Attempt.Outcome.allCases
    /// No error, and every class there is.
    private static let errors: [FailureKind?] = [nil] + FailureKind.allCases
    private static let states = DeliveryState.allCases.filter(\.isSettled)
    private static let errorIndex = Dictionary(uniqueKeysWithValues: errors.enumerated().map { ($1, $0) })

    private let factory: any MetricsFactory
    private let limit: Int
    private var indices: [String: Int] = [:]
    private var handles: [Handles] = []
    /// The positions of those that are gone.
    private var free: [Int] = []
    /// The subscriptions with something to tell.
    private var touched: [Int] = []
    /// The handles of the subscriptions beyond the limit.
    private var other: Int?
    /// The subscription that was counted last: often it comes again.
    private var last: (name: String, index: Int)?

    init(_ factory: any MetricsFactory, limit: Int) { (self.factory, self.limit) = (factory, limit) }

    /// The label of a subscription; it has one from then on.
    mutating func label(of subscription: String) -> String { handles[index(of: subscription)].label }

    mutating func count(_ recorded: RecordedAttempt) {
        let index = touch(recorded.delivery.subscription)
        if let duration = recorded.attempt.duration {
            handles[index].duration.recordNanoseconds(duration.wholeNanoseconds)
        }
        if let outcome = recorded.attempt.outcome {
            let position =
                switch outcome {
                case .succeeded: 0
                case .failed: 1
                case .unknown: 2
                }
            let error = recorded.attempt.error.flatMap { Self.errorIndex[$0] } ?? 0
            handles[index].attempts.pending[position * Self.errors.count + error] += 1
        }
        add(recorded.state, 1, to: index)
    }

    mutating func settled(_ subscription: String, _ state: DeliveryState, _ count: Int) {
        add(state, count, to: touch(subscription))
    }

    /// Tells the backend what was counted since the last time.
    mutating func tell() {
        for index in touched {
            let label = handles[index].label
            handles[index].attempts.tell { [factory] position in
                let error = Self.errors[position % Self.errors.count]?.rawValue ?? ""
                let outcome = Self.outcomes[position / Self.errors.count].rawValue
                return MetricDescription.attempts.counter(factory, label, outcome, error)
            }
            handles[index].settled.tell { [factory] position in
                MetricDescription.settled.counter(factory, label, Self.states[position].rawValue)
            }
            handles[index].isTouched = false
        }
        touched.removeAll(keepingCapacity: true)
    }

    /// Gives up the labels of subscriptions that are gone, for others to have them. One that is counted again all the same, or
    /// comes back, begins from zero.
    ///
    /// - Returns: the labels.
    mutating func forget(where isGone: (String) -> Bool) -> Set<String> {
        // What a subscription of that name has is everybody's.
        let gone = indices.filter { $0.key != DispatcherMetrics.other && isGone($0.key) }
        for (name, index) in gone {
            handles[index].destroy()
            indices[name] = nil
            free.append(index)
        }
        if !gone.isEmpty { last = nil }
        return Set(gone.keys)
    }

    private mutating func add(_ state: DeliveryState, _ count: Int, to index: Int) {
        let position: Int
        switch state {
        case .delivered: position = 0
        case .failed: position = 1
        case .unknown: position = 2
        case .cancelled: position = 3
        case .pending, .inFlight, .waiting: return
        }
        handles[index].settled.pending[position] += count
    }

    private mutating func touch(_ subscription: String) -> Int {
        let index = index(of: subscription)
        if !handles[index].isTouched {
            handles[index].isTouched = true
            touched.append(index)
        }
        return index
    }

    private mutating func index(of subscription: String) -> Int {
        if let last, last.name == subscription { return last.index }
        let index = find(subscription)
        last = (subscription, index)
        return index
    }

    private mutating func find(_ subscription: String) -> Int {
        if let known = indices[subscription] { return known }
        guard indices.count < limit else {
            if let other { return other }
            let index = add(DispatcherMetrics.other)
            other = index
            return index
        }
        let index = add(subscription)
        indices[subscription] = index
        return index
    }

    private mutating func add(_ label: String) -> Int {
        var new = Handles(label: label, duration: MetricDescription.attemptDuration.timer(factory, label))
        // From zero on, so that the first failure is a change.
        for (position, state) in Self.states.enumerated() {
            new.settled.counters[position] = MetricDescription.settled.counter(factory, label, state.rawValue)
        }
        if let index = free.popLast() {
            handles[index] = new
            return index
        }
        handles.append(new)
        return handles.count - 1
    }
}
