internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// Everything that a simulation consists of, and the loop that lets it happen.
final class SimulatedWorld {
    enum Occurrence {
        case action
        case faultsCease
        case lastEmit
        case lastFault
        case start
        case alarm(process: Int, number: Int)
        /// A large event is rendered.
        case rendered(process: Int, PendingEvent, PreparedDeliveries)
        case commitApplies(process: Int)
        case commitTakes(process: Int)
        case commitEnds(process: Int)
        case requestArrives(Delivery.ID)
        case requestEnds(process: Int, token: UInt64)
        case externalCheck
        case commandEnds(process: Int)
        case stoppedProcessEnds(process: Int)
        case lateRetries
        case lateRetryIsOver(LateRetry)
        case clockReturns
        case storeRecovers
    }

    let configuration: SimulationConfiguration
    let clock = VirtualClock()
    var store: InMemoryStore
    var externalConnection: Int
    let renderer = ScriptedRenderer(poisonTopics: ["poison"])
    var random: SeededGenerator
    var poisonRandom: SeededGenerator
    var renderingRandom: SeededGenerator
    var lossRandom: SeededGenerator
    /// The event (row) whose rendering killed the last process.
    var renderingMark: Int64?
    /// The number of processes that the request of a delivery has killed.
    var requestEnds: [Delivery.ID: Int] = [:]
    var agenda = Agenda<Occurrence>()
    var trace: Trace
    var digest = TraceDigest()
    var report = SimulationReport()
    var registry: Registry
    let allSubscriptions: [Subscription]
    var endpoints: [String: SimulatedEndpoint] = [:]
    var process: SimulatedProcess?
    var processes = 0
    var storeFault: StoreError?
    var faultsCeased = false
    var deliveries: [Delivery.ID: DeliveryLedger] = [:]
    var events: [Event] = []
    /// Ids of events whose durable acceptance was reported.
    var acknowledged: Set<String> = []
    var cancelledEvents: Set<String> = []
    /// Subscriptions all of whose deliveries were cancelled, with the last event (row) accepted before.
    var cancelledUpTo: [String: Int64] = [:]
    /// Events (rows) whose share for a subscription alone was cancelled before they were matched.
    var cancelledShares: [String: Set<Int64>] = [:]
    /// The subscriptions that were to get an event, once it was matched for good.
    var expected: [String: [String]] = [:]
    /// The subscriptions that were matched for an event (row) that was given out for its fan-out; the last word is the
    /// commit's.
    var expectation: [Int64: [String]] = [:]
    /// The limits under which requests leave for each subscription, with the times at which they did; over all processes.
    var paces: [String: PaceLedger] = [:]
    /// Events (rows) due later than accepted, since they were found due.
    var foundDue: [Int64: FoundDue] = [:]
    /// The time until the wall clock that jumped goes back to where it was, and by how much it does.
    var clockReturns: Duration?
    var now: Int64 = 0
    /// The time at which the last fault is over.
    var lastTime: Int64 = 0
    var steps = 0

    init(seed: UInt64, configuration: SimulationConfiguration) {
        self.configuration = configuration
        random = SeededGenerator(seed: seed)
        poisonRandom = SeededGenerator(seed: ~seed)
        lossRandom = SeededGenerator(seed: seed &+ 0x5EED)
        renderingRandom = SeededGenerator(seed: seed &+ 0xB16)
        trace = Trace(length: configuration.traceLength)
        store = InMemoryStore(clock: clock)
        externalConnection = store.database.connect()
        var generator = random
        let made = (0..<configuration.subscriptions).map { number in
            var subscription = Self.makeSubscription(number, &generator)
            if configuration.tenantShare, !number.isMultiple(of: 2) { subscription.slotShare = "tenant" }
            return subscription
        }
        random = generator
        allSubscriptions = made
        registry = Registry(subscriptions: made, profiles: [:], settings: DispatcherSettings())
        for subscription in made { endpoints[subscription.name] = SimulatedEndpoint() }
        if configuration.poison { refuseRows() }
    }

    /// Plays until everything has settled.
    func play() throws -> SimulationReport {
        agenda.plan(.start, at: 0)
        var instant: Int64 = 0
        for _ in 0..<configuration.actions {
            instant += Int64(random.pick(0...(random.chance(10) ? 60_000 : 400)))
            agenda.plan(.action, at: instant)
        }
        agenda.plan(.faultsCease, at: instant + 1000)
        lastTime = instant + 6000
        for wait in [5500, 8000, 11_000, 15_000, 20_000] { agenda.plan(.lateRetries, at: instant + Int64(wait)) }
        while let (at, item) = agenda.next() {
            steps += 1
            try Violation.require(steps < 200_000, "it goes on and on")
            if at > now {
                clock.advance(by: .milliseconds(at - now))
                now = at
            }
            try happen(item)
            if faultsCeased, let process, process.engine.isSettled, nothingIsToCome { break }
        }
        try checkEnd()
        report.digest = digest.value
        return report
    }

    private func happen(_ item: Occurrence) throws {
        switch item {
        case .action: try act()
        case .faultsCease: try ceaseFaults()
        case .lastEmit: try emit(count: random.pick(0...6))
        case .lastFault: try lastFault()
        case .start: try startProcess()
        case .alarm(let number, let alarm):
            guard process?.number == number, process?.alarm == alarm else { return }
            process?.wakeAt = nil
            try process { engine, time in engine.tick(at: time) }
        case .commitApplies(let number): try commitApplies(number)
        case .commitTakes(let number): try commitTakes(number)
        case .commitEnds(let number): try commitEnds(number)
        case .requestArrives(let delivery): try requestArrives(delivery)
        case .requestEnds(let number, let token): try requestEnds(number, token)
        case .externalCheck: try lookForExternalWrites()
        case .commandEnds(let number): try commandEnds(number)
        case .stoppedProcessEnds(let number): stoppedProcessEnds(number)
        case .lateRetries: retryLate()
        case .lateRetryIsOver(let retry): try checkLateRetry(retry)
        case .clockReturns: returnClock()
        case .storeRecovers: storeFault = nil
        case .rendered(let number, let event, let deliveries): try rendered(event, deliveries, by: number)
        }
    }

    /// Events that wait for their time don't hold a settled engine up; the simulation waits for them all the same, and for
    /// the last faults.
    private var nothingIsToCome: Bool {
        !store.rows.hasWaitingEvents && now > lastTime && store.lostFiles == nil
    }

    func log(_ line: @autoclosure () -> String) { trace.add("\(now) ms: \(line())") }
}
