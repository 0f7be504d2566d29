import WebhookCore
import WebhookSimulation

/// The plan of a round: its length and who takes part, all drawn from the seed and its number.
struct RoundPlan: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        /// Everything at once.
        case mixed
        /// Dispatchers that live for milliseconds.
        case crashes
        /// One dispatcher for all of it, reloaded all the time: what grows, shows.
        case steady
        /// The disk is full every few seconds.
        case disks
        /// Files of the store are taken away.
        case files
        /// Clocks are wrong for a moment.
        case clocks
    }

    var number: Int
    var kind: Kind
    var seed: UInt64
    var length: Duration
    /// Faults of receivers to leave out and kinds of violations to leave unsaid, by name: to look past known defects.
    var without: Set<String>

    init(number: Int, seed: UInt64, length: Duration, without: Set<String> = []) {
        self.number = number
        self.length = length
        self.without = without
        var random = SeededGenerator(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
        self.seed = random.next()
        // All of them in turn, whatever the seed.
        kind = Kind.allCases[(number - 1) % Kind.allCases.count]
    }

    var habits: Dispatchers.Habits {
        switch kind {
        case .mixed: .init(life: 300...8000, killPercent: 50, trouble: true, sabotage: false)
        case .crashes: .init(life: 0...700, killPercent: 85, trouble: false, sabotage: false)
        case .steady: .init(life: 3_600_000...3_600_000, killPercent: 0, trouble: true, sabotage: false)
        case .disks: .init(life: 500...10_000, killPercent: 50, trouble: false, sabotage: false)
        case .clocks: .init(life: 2000...20_000, killPercent: 50, trouble: true, sabotage: false)
        case .files: .init(life: 2000...8000, killPercent: 50, trouble: false, sabotage: true)
        }
    }

    /// The pause between full disks, in seconds.
    var fillPause: ClosedRange<Int>? {
        switch kind {
        case .disks: 1...4
        case .mixed: 5...20
        default: nil
        }
    }

    var shiftsClocks: Bool { kind == .clocks }

    /// A generator for each of those who take part, so that none shifts the choices of the others.
    func random(_ name: String) -> SeededGenerator {
        var state = seed
        for byte in name.utf8 { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return SeededGenerator(seed: state)
    }
}
