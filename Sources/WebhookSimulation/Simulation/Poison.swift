internal import WebhookCore
internal import WebhookInMemory

/// Topics whose events go wrong by themselves. Each is to fail alone.
enum Poison: String, CaseIterable {
    /// The store refuses each of its deliveries, and takes them as failed.
    case refused = "refused"
    /// The store refuses its deliveries, as failed ones too.
    case stubborn = "stubborn"
    /// The store refuses its claims.
    case unclaimable = "unclaimable"
    /// The store refuses its claims, and to let it settle.
    case stuck = "stuck"
    /// The store refuses its attempts with what the receiver said.
    case unwritable = "unwritable"
    /// The store refuses its attempts.
    case unrecordable = "unrecordable"
    /// Its rendering kills the process.
    case deadly = "deadly"
    /// Making the request of an attempt kills the process.
    case deadlyRequest = "deadlyRequest"

    /// The reason why a store refuses a row.
    static func refusal(of row: WrittenRow, topic: (InMemoryDeliveryRow) -> String?) -> String? {
        let poison: Poison?
        switch row {
        case .event, .health: return nil
        case .newDelivery(_, let event), .failedDelivery(_, let event): poison = Poison(rawValue: event.topic)
        case .claim(let row), .attempt(let row, _), .settlement(let row):
            poison = topic(row).flatMap { Poison(rawValue: $0) }
        }
        let isRefused =
            switch (poison, row) {
            case (.refused, .newDelivery), (.stubborn, .newDelivery), (.stubborn, .failedDelivery): true
            case (.unclaimable, .claim), (.stuck, .claim), (.stuck, .settlement): true
            case (.unwritable, .attempt(_, let isWhole)): isWhole
            case (.unrecordable, .attempt): true
            default: false
            }
        return isRefused ? "simulated" : nil
    }

    /// True when its deliveries may still be open, or in flight for the store, when all has settled.
    var staysOpen: Bool { self == .stuck || self == .unrecordable }
}

extension SimulatedWorld {
    /// Now and then the topic of an event that goes wrong. Drawn apart, so that a seed plays the same without them.
    func poisonTopic() -> String? {
        guard configuration.poison, poisonRandom.chance(8) else { return nil }
        return poisonRandom.pick(Poison.allCases)?.rawValue
    }

    /// Lets the store refuse the rows of events that go wrong.
    func refuseRows() {
        store.refuseRows { row, rows in
            Poison.refusal(of: row) { rows.events[$0.event]?.event.topic }
        }
    }

    func poison(of row: InMemoryDeliveryRow) -> Poison? {
        store.rows.events[row.event].flatMap { Poison(rawValue: $0.event.topic) }
    }

    /// An event that was accepted and never fanned out has to have a reason.
    func checkNotFannedOut(_ event: InMemoryEventRow) throws {
        guard case .setAside = event.state else { throw Violation("\(event.event.id) was never fanned out") }
        let poison = Poison(rawValue: event.event.topic)
        try Violation.require(
            poison == .stubborn || poison == .deadly,
            "\(event.event.id) is set aside, and nothing is wrong with it"
        )
        report.setAside += 1
    }
}
