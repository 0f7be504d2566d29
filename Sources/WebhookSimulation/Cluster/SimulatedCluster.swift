internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// Several dispatchers on one store, their receivers, and the loop that lets everything happen.
final class SimulatedCluster {
    enum Occurrence {
        case action
        case faultsCease
        case lastEmit
        case lastFault
        case start
        /// Somebody who knows everything is there from now on.
        case lastStart
        case alarm(node: Int, number: Int)
        case poll(node: Int)
        case hint(node: Int, StoreHint)
        case commitTakes(node: Int)
        /// A transaction's COMMIT comes to the server.
        case commitArrives(node: Int, [StoreBatch])
        case commitAnswered(node: Int, Result<[StoreBatchResult], StoreError>)
        case commitEnds(node: Int)
        /// A transaction that its node has given up.
        case lateCommit(node: Int, [StoreBatch])
        case roundArrives(node: Int, LeaseRound)
        case roundEnds(node: Int, Result<LeaseRoundResult, StoreError>)
        /// A round that its node has given up, after as many others.
        case lateRound(node: Int, LeaseRound, after: Int)
        case requestLeaves(node: Int, token: UInt64)
        case requestArrives(Delivery.ID)
        case requestEnds(node: Int, token: UInt64)
        /// SIGCONT.
        case goesOn(node: Int)
        case isBack(node: Int)
        case storeIsBack
        /// SIGKILL, where it is still there.
        case killed(node: Int)
        case foreignCommit(Event, at: Timestamp, row: Int64?)
        case lost(subscription: String, node: Int)

        /// The process that has to run for it.
        var process: Int? {
            switch self {
            case .alarm(let node, _), .poll(let node), .hint(let node, _), .commitTakes(let node),
                .commitAnswered(let node, _), .commitEnds(let node), .roundEnds(let node, _),
                .requestLeaves(let node, _), .requestEnds(let node, _):
                node
            default: nil
            }
        }
    }

    let configuration: ClusterConfiguration
    /// The database's.
    let clock = VirtualClock()
    let store: InMemoryStore
    /// Others, beside the dispatchers.
    let connection: Int
    let renderer = ScriptedRenderer(poisonTopics: ["poison"])
    let leases: LeaseKeeper.Settings
    var random: SeededGenerator
    /// Drawn apart, so that a seed plays the same without.
    var momentRandom: SeededGenerator
    var agenda = Agenda<Occurrence>()
    var trace: Trace
    var digest = TraceDigest()
    var report = ClusterReport()
    /// Every subscription that a file may have.
    let allSubscriptions: [Subscription]
    /// The configuration that is being deployed, and the one before.
    var newestFile: [Subscription]
    var olderFile: [Subscription]
    /// True when the next claim's subscription is to be lost.
    var losesSubscription = false
    /// The subscription that is in no file any more, since the faults have ceased; `nil`: all are back.
    var lostSubscription: String?
    var endpoints: [String: SimulatedEndpoint] = [:]
    var nodes: [Int: SimulatedNode] = [:]
    /// The most that each node, living or dead, was allowed in flight for a subscription.
    var limits: [Int: [String: Int]] = [:]
    var storeIsAway = false
    var faultsCeased = false
    var deliveries: [Delivery.ID: DeliveryLedger] = [:]
    /// Deliveries that the store has as in flight, by subscription.
    var inFlight: [String: Set<Delivery.ID>] = [:]
    var paces: [String: PaceLedger] = [:]
    var events: [Event] = []
    /// Ids of events whose durable acceptance was reported.
    var acknowledged: Set<String> = []
    /// The subscriptions that were to get an event (row), as the transaction says that matched it.
    var expected: [Int64: [String]] = [:]
    var now: Int64 = 0
    /// The time at which the last fault is over.
    var lastTime: Int64 = 0
    /// The last time that something became durable.
    var lastProgress: Int64 = 0
    var steps = 0

    init(seed: UInt64, configuration: ClusterConfiguration) {
        self.configuration = configuration
        var random = SeededGenerator(seed: seed)
        momentRandom = SeededGenerator(seed: ~seed)
        trace = Trace(length: configuration.traceLength)
        store = InMemoryStore(clock: clock)
        connection = store.database.connect()
        var leases = LeaseKeeper.Settings()
        leases.length = .seconds(random.pick(2...15))
        self.leases = leases
        let made = (0..<configuration.subscriptions).map { Self.makeSubscription($0, &random) }
        self.random = random
        allSubscriptions = made
        (newestFile, olderFile) = (made, made)
        for subscription in made {
            endpoints[subscription.name] = SimulatedEndpoint()
            paces[subscription.name] = PaceLedger(limit: subscription.policy.rateLimit)
        }
    }

    /// Plays until everything has settled.
    func play() throws -> ClusterReport {
        for _ in 0..<random.pick(2...configuration.mostNodes) {
            agenda.plan(.start, at: Int64(random.pick(0...(random.chance(50) ? 5 : 3000))))
        }
        var instant: Int64 = 0
        for _ in 0..<configuration.actions {
            instant += Int64(random.pick(0...(random.chance(10) ? 20_000 : 1500)))
            agenda.plan(.action, at: instant)
        }
        agenda.plan(.faultsCease, at: instant + 1000)
        lastTime = instant + 6000
        while let (at, item) = agenda.next() {
            steps += 1
            try Violation.require(steps < 400_000, "it goes on and on")
            if at > now { advance(to: at) }
            try happen(item)
            if faultsCeased, now > lastTime, isSettled { break }
            // Longer than any wait of a schedule, a breaker and the longest lease together.
            if now > max(lastTime, lastProgress) + 700_000 { break }
        }
        try checkEnd()
        report.digest = digest.value
        return report
    }

    /// All clocks run alike, and each shows another time.
    private func advance(to instant: Int64) {
        let passed = Duration.milliseconds(instant - now)
        clock.advance(by: passed)
        for node in nodes.values { node.clock.advance(by: passed) }
        now = instant
    }

    private func happen(_ item: Occurrence) throws {
        if let number = item.process {
            guard let node = nodes[number] else { return }
            guard !node.isStopped else {
                nodes[number]?.held.append(item)
                return
            }
        }
        switch item {
        case .action: try act()
        case .faultsCease: try ceaseFaults()
        case .lastEmit: try emitSomewhere()
        case .lastFault: try lastFault()
        case .start: try startNode()
        case .lastStart: try lastStart()
        case .alarm(let number, let alarm): try ring(number, alarm)
        case .poll(let number): try poll(number)
        case .hint(let number, let hint): try hear(hint, number)
        case .commitTakes(let number): commitTakes(number)
        case .commitArrives(let number, let batches): try commitArrives(number, batches)
        case .commitAnswered(let number, let result): commitAnswered(number, result)
        case .commitEnds(let number): try commitEnds(number)
        case .lateCommit(let number, let batches): for batch in batches { _ = try apply(batch, by: number) }
        case .roundArrives(let number, let round): try roundArrives(number, round)
        case .roundEnds(let number, let result): try roundEnds(number, result)
        case .lateRound(let number, let round, let rounds): try holdLate(round, number, after: rounds)
        case .requestLeaves(let number, let token): try requestLeaves(number, token)
        case .requestArrives(let delivery): try requestArrives(delivery)
        case .requestEnds(let number, let token): try requestEnds(number, token)
        case .goesOn(let number): goOn(number)
        case .isBack(let number): nodes[number]?.isCutOff = false
        case .storeIsBack: storeIsAway = false
        case .killed(let number): crash(number)
        case .foreignCommit(let event, let instant, let row): foreignCommit(event, at: instant, row: row)
        case .lost(let subscription, let number): try lose(subscription, with: number)
        }
    }

    func log(_ line: @autoclosure () -> String) { trace.add("\(now) ms: \(line())") }

    /// Tells whether to hit this moment: two in a thousand.
    func hitsMoment() -> Bool { configuration.hitsMoments && !faultsCeased && momentRandom.pick(0...999) < 2 }

    /// The dispatchers' numbers, in order.
    var numbers: [Int] { nodes.keys.sorted() }

    /// Plans something within a number of milliseconds from now.
    func plan(_ item: Occurrence, within milliseconds: Int) {
        agenda.plan(item, at: now + Int64(random.pick(0...milliseconds)))
    }
}
