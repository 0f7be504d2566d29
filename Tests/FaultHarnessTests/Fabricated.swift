@testable import WebhooksFaultHarness

/// A history that never happened: three events to three subscriptions, all as promised. Tests break it.
struct Fabricated {
    var promises = [
        Promise(name: "retry", topics: [Topic.plain], delivers: true, flow: .seconds(5)),
        Promise(name: "once", topics: [Topic.plain], delivers: true),
        Promise(name: "ordered", topics: [Topic.plain], delivers: true, isOrdered: true),
    ]
    var history = History()
    var record = Record()

    init() {
        for (index, id) in ["a", "b", "c"].enumerated() {
            let start = Duration.seconds(2 * index)
            history.emits[id] = EmitFact(topic: Topic.plain, startedAt: start, acknowledgedAt: start + .seconds(1))
            record.events.append(id)
            for promise in promises {
                let mode = promise.name == "once" ? "single-shot" : "retry"
                record.deliveries.append(Self.delivery(promise.name, id, mode: mode))
                history.requests.append(Self.request(promise.name, id, at: 2 * index + 2))
            }
        }
        history.dispatching = [Interval(start: .zero, end: .seconds(100))]
    }

    var violations: [Violation] { Checker(promises: promises, history: history, record: record).violations() }
    var kinds: Set<Violation.Kind> { Set(violations.map(\.kind)) }

    mutating func set(_ subscription: String, _ event: String, _ change: (inout Record.Delivery) -> Void) {
        for index in record.deliveries.indices
        where record.deliveries[index].subscription == subscription && record.deliveries[index].event == event {
            change(&record.deliveries[index])
        }
    }

    static func request(_ subscription: String, _ event: String, at seconds: Int) -> RequestFact {
        RequestFact(subscription: subscription, event: event, at: .seconds(seconds), digest: 1, isAccepted: true)
    }

    static func delivery(_ subscription: String, _ event: String, mode: String = "retry", id: String? = nil)
        -> Record.Delivery
    {
        Record.Delivery(
            id: id ?? "dlv_\(subscription)_\(event)",
            event: event,
            subscription: subscription,
            state: "delivered",
            mode: mode,
            attempts: 1
        )
    }

    static func command(
        _ exit: Command.Exit,
        from start: Int = 0,
        to end: Int = 1,
        allowed: Set<Int32> = [0]
    ) -> CommandFact {
        CommandFact(
            name: "stats",
            interval: Interval(start: .seconds(start), end: .seconds(end)),
            exit: exit,
            bound: .seconds(10),
            allowed: allowed
        )
    }
}
