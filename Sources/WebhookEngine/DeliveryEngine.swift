public import WebhookCore

/// The delivery engine as a value without I/O: it decides which delivery goes next, and what follows from each result.
///
/// Every input (an emit, a durable commit, a finished request, a time that has come) changes the state and leaves what
/// is to be done in ``takeActions()``. Whoever drives it does that at the edge: ``EngineRunner`` with Dispatch, a real store
/// and libcurl, the simulation with virtual ones.
///
/// What is known to be durable decides: an attempt only leaves after its claim is committed, an emit is only answered
/// after its event is, and a result stays here until it is on record.
public struct DeliveryEngine {
    public let settings: EngineSettings
    var random: any RandomNumberGenerator
    var queues = SubscriptionQueues()
    var slots: AdmissionControl
    var attempts = InFlightAttempts()
    var memory = QueuedDeliveries()
    var refills = RefillQueue()
    var commits = CommitPipeline()
    var actions = EngineActions()
    var timers = QueueTimers()
    var phase = EnginePhase.starting
    var backlog = FanOutBacklog()
    /// How far events are matched, for ordered subscriptions.
    var front = AcceptanceFront()
    var known = KnownDeliveries()
    var refusedRows = RefusedRows()
    var recovery = CrashRecovery()

    /// An engine that knows its subscriptions; ``start(at:)`` makes it read the store.
    public init(
        settings: EngineSettings,
        subscriptions: [Subscription],
        random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.settings = settings
        self.random = random
        slots = AdmissionControl(limit: settings.maxInFlight)
        for subscription in subscriptions { addQueue(SharedSubscription(subscription)) }
    }

    /// Attempts that are claimed, on the wire, or not on record yet.
    public var inFlight: Int { attempts.count }

    /// Deliveries held in memory: those in the buffers, claimed and in flight.
    public var holding: Int { memory.count }

    /// Whether nothing is due now and nothing is under way; what an open breaker holds back doesn't count as due.
    public func isIdle(at time: EngineTime) -> Bool {
        phase.hasStarted && isQuiet
            && !queues.indices.contains { index in
                let queue = queues[index]
                guard queue.isOpen, !queue.endpoint.breaker.isOpen, !isLeftToOthers(index) else { return false }
                if queue.buffer.isRefilling || queue.buffer.needsRescan { return true }
                if queue.buffer.hasMore, queue.buffer.count == 0 { return true }
                return queue.buffer.nextDue.map { $0 <= time.monotonic } ?? false
            }
    }

    /// Whether every delivery has settled; parked and paused ones and events that are due later aside.
    public var isSettled: Bool {
        phase.hasStarted && isQuiet
            && queues.indices.allSatisfy { !queues[$0].isOpen || queues[$0].isExhausted || isLeftToOthers($0) }
    }

    /// Whether nothing of what is held of a queue may start before somebody else has done something.
    private func isLeftToOthers(_ index: Int) -> Bool { settings.scope == .own && isBlocked(index) }

    /// Whether a drain is complete: everything that began is on record. What the next dispatcher would find out as well,
    /// such as what a crash left, is no reason to wait for a store that fails.
    public var isDrained: Bool {
        phase.isDraining && (hasNothingUnderWay || (commits.isFailing && hasNothingOfItsOwn))
    }

    private var hasNothingOfItsOwn: Bool { attempts.isEmpty && backlog.isEmpty && commits.owesNothing }

    private var isQuiet: Bool {
        hasNothingUnderWay && backlog.isRead && !queues.indices.contains { queues[$0].isCancelling }
    }

    private var hasNothingUnderWay: Bool { attempts.isEmpty && commits.isEmpty && backlog.isEmpty }

    /// What is to be done; empties the list.
    public mutating func takeActions() -> EngineActions {
        let taken = actions
        actions = EngineActions()
        actions.wakeAt = taken.wakeAt
        return taken
    }

    // MARK: - Inputs of the life cycle

    /// Reads the store: what a crash left, what is open, who is disabled.
    ///
    /// - Parameters:
    ///   - interruptedRendering: the event (row) that was being rendered when a process before this one ended.
    ///   - deadly: deliveries whose requests have ended so many processes that no other is made.
    public mutating func start(
        interruptedRendering: Int64? = nil,
        deadly: Set<Delivery.ID> = [],
        at time: EngineTime
    ) {
        recovery.begin(deadly: deadly, at: time)
        if let interruptedRendering {
            commits.setAside(SetAside(event: interruptedRendering, cause: .renderingEnded))
        }
        commits.readAtStart()
        if settings.scope == .all {
            // Learns the highest id; what is open is read by subscription.
            commits.readNewDeliveries(above: Delivery.ID(rawValue: .max))
            backlog.want()
        }
        finishInput(at: time)
    }

    /// A time that was asked for has come.
    public mutating func tick(at time: EngineTime) {
        while let queue = timers.popDue(now: time.monotonic) {
            sendPaced(queue, at: time)
            endPauseIfOver(queue, at: time)
            schedule(queue, at: time)
        }
        backlog.wake(now: time.monotonic)
        finishInput(at: time)
    }

    /// Another connection has written to the store.
    public mutating func externalWrites(at time: EngineTime) {
        guard phase.hasStarted else { return }
        commits.readHealth()
        if settings.scope == .all {
            backlog.want()
            commits.readNewDeliveries(above: known.highest)
        } else if !front.waiting.isEmpty {
            // What was in the way may have been cancelled.
            backlog.want()
            for index in front.waiting where queues[index].oldestExternal != nil {
                queues[index].buffer.needsRescan = true
                refillIfNeeded(index)
            }
        }
        finishInput(at: time)
    }

    /// No new attempts; ``isDrained`` tells when those under way are on record.
    public mutating func drain(at time: EngineTime) {
        phase.drain()
        finishInput(at: time)
    }

    /// No transaction takes anything any more: what isn't on record is for the next dispatcher to find.
    public mutating func abandon() { phase = .abandoned }

    /// Takes over a new set of subscriptions. What is gone is parked, what is new or back is looked up in the store.
    ///
    /// - Parameter maxInFlight: replaces the limit over all; `nil` leaves it.
    public mutating func reload(_ subscriptions: [Subscription], maxInFlight: Int? = nil, at time: EngineTime) {
        if let maxInFlight { slots.limit = maxInFlight }
        let names = Set(subscriptions.map(\.name))
        for index in queues.indices where !names.contains(queues[index].name) { suspendQueue(index) }
        for subscription in subscriptions { replace(SharedSubscription(subscription), at: time) }
        // Health of subscriptions that are new here may be in the store.
        if phase.hasStarted { commits.readHealth() }
        finishInput(at: time)
    }

    /// Takes care of events (rows) that are in the store already. For ``EngineSettings/Scope/own``.
    public mutating func takeOver(_ events: [Int64], at time: EngineTime) {
        commits.takeOver(events, dueBy: time.certain)
        finishInput(at: time)
    }

    /// The end of every input: admits, asks for the next commit, says when to wake up.
    mutating func finishInput(at time: EngineTime) {
        commits.endWait(now: time.monotonic)
        unblockQueues(at: time)
        admit(at: time)
        readEventsIfWanted(at: time)
        refillWaiting()
        if commits.asksForTransaction(now: time.monotonic) { actions.wantsCommit = true }
        actions.wakeAt = Self.earlier(timers.next, Self.earlier(backlog.nextAt, commits.retryAt))
    }

    private static func earlier(_ one: Timestamp?, _ other: Timestamp?) -> Timestamp? {
        guard let one, let other else { return one ?? other }
        return min(one, other)
    }
}

/// The phase of an engine's life.
enum EnginePhase {
    /// Nothing is known of the store. ──its first reads──▶ running, ──drain──▶ draining
    case starting
    /// ──drain──▶ draining
    case running
    /// No new attempts begin; what is under way goes on record.
    case draining(hasStarted: Bool)
    /// Nothing goes into the store any more. The last, from each of the others.
    case abandoned

    /// Whether the store was read.
    var hasStarted: Bool {
        switch self {
        case .starting: false
        case .running, .abandoned: true
        case .draining(let hasStarted): hasStarted
        }
    }

    /// Whether new attempts may begin.
    var begins: Bool { if case .running = self { true } else { false } }

    /// Whether no new attempts begin any more.
    var isDraining: Bool {
        switch self {
        case .starting, .running: false
        case .draining, .abandoned: true
        }
    }

    var isAbandoned: Bool { if case .abandoned = self { true } else { false } }

    /// The store was read.
    ///
    /// - Returns: whether that was the first time.
    mutating func start() -> Bool {
        switch self {
        case .starting: self = .running
        case .draining(hasStarted: false): self = .draining(hasStarted: true)
        default: return false
        }
        return true
    }

    mutating func drain() {
        switch self {
        case .starting: self = .draining(hasStarted: false)
        case .running: self = .draining(hasStarted: true)
        case .draining, .abandoned: break
        }
    }
}
