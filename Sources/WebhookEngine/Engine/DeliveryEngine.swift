internal import DequeModule
internal import HeapModule
public import WebhookCore

/// Which delivery goes next, and what becomes of it: the whole engine as a value without I/O.
///
/// Every input (an emit, a durable commit, a finished request, a moment that has come) changes the state and leaves what
/// is to be done in ``takeActions()``. Whoever drives it does that at the edge: ``EngineRunner`` with Dispatch, a real store
/// and libcurl, the simulation with virtual ones.
///
/// What is known to be durable decides: an attempt only leaves after its claim is committed, an emit is only answered
/// after its event is, and a result stays here until it is on record.
public struct DeliveryEngine {
    public private(set) var settings: EngineSettings
    var random: any RandomNumberGenerator
    var lanes: [Lane] = []
    var laneIndex: [String: Int] = [:]
    /// Lanes with work that may start, by ring.
    var rings: [Deque<Int>] = Lane.Ring.allCases.map { _ in [] }
    /// Slots taken, by ring.
    var slotsTaken = Lane.Ring.allCases.map { _ in 0 }
    var nextRing = 0
    var flights: [UInt64: Flight] = [:]
    var lastToken: UInt64 = 0
    /// Every delivery that is in a window, claimed or in flight.
    var held: Set<Delivery.ID> = []
    var heldBodyBytes = 0
    /// The most deliveries that reads under way bring.
    var refillRowsAsked = 0
    /// Lanes whose reads wait for the next transaction.
    var refillQueue: Deque<Int> = []
    var pending = PendingCommit()
    /// Batches given out whose results have not come back yet, the first first.
    var committing: Deque<PendingCommit> = []
    /// A transaction was asked for that has not taken its first batch yet.
    var isAskingForCommit = false
    var actions = EngineActions()
    var timers: Heap<LaneTimer> = []
    var hasStarted = false
    /// When the process began, on the timeline.
    var startedAt = Timestamp(milliseconds: 0)
    var isDraining = false
    var isAbandoned = false
    /// The store failed; no new attempt until a commit succeeds or this moment has come.
    var storeRetryAt: Timestamp?
    var storeTrouble = StoreTrouble()
    /// Events handed out for fan-out and not answered yet.
    var fanOutsUnderWay = 0
    /// Large events (rows) handed out for fan-out and not answered yet.
    var largeFanOuts: Set<Int64> = []
    var isReadingEvents = false
    var wantsEvents = false
    /// When the next event is due, on the timeline.
    var nextEventAt: Timestamp?
    var highestDelivery = Delivery.ID(rawValue: 0)
    /// How far events are matched, for ordered subscriptions.
    var front = AcceptanceFront()
    var hasFrontMoved = false
    /// Lanes that wait for what was accepted before.
    var heldUp: [Int] = []
    /// Whether order matters to anybody.
    var hasOrdered = false
    /// Deliveries that the store won't take any change of: left alone until the next start.
    var suspended: Set<Delivery.ID> = []
    /// Deliveries whose attempt was refused, and is to be recorded without its response.
    var cutDown: Set<Delivery.ID> = []
    /// Deliveries whose requests have ended processes: what was interrupted in one of these is not tried again.
    var deadly: Set<Delivery.ID> = []
    /// Events (rows) that can neither be fanned out nor set aside.
    var excludedEvents: Set<Int64> = []

    /// A clock may step while an event waits for its moment: look again after this.
    static let longestEventWait: Duration = .seconds(30)

    /// An engine that knows its subscriptions; ``start(at:)`` makes it read the store.
    public init(
        settings: EngineSettings,
        subscriptions: [Subscription],
        random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.settings = settings
        self.random = random
        for subscription in subscriptions { addLane(subscription) }
    }

    /// Attempts that are claimed, on the wire, or not on record yet.
    public var inFlight: Int { flights.count }

    /// Deliveries held in memory: those in the windows, claimed and in flight.
    public var holding: Int { held.count }

    /// Whether nothing is due now and nothing is under way; what an open breaker holds back doesn't count as due.
    public func isIdle(at time: EngineTime) -> Bool {
        hasStarted && isQuiet
            && !lanes.indices.contains { index in
                let lane = lanes[index]
                guard lane.isOpen, !lane.breaker.isOpen, !isLeftToOthers(index) else { return false }
                if lane.window.isRefilling || lane.window.needsRescan { return true }
                if lane.window.hasMore, lane.window.count == 0 { return true }
                return lane.window.nextDue.map { $0 <= time.timeline } ?? false
            }
    }

    /// Whether every delivery has settled; parked and paused ones and events that are due later aside.
    public var isSettled: Bool {
        hasStarted && isQuiet
            && lanes.indices.allSatisfy { !lanes[$0].isOpen || lanes[$0].isExhausted || isLeftToOthers($0) }
    }

    /// Whether nothing of what is held of a lane may start before somebody else has done something.
    private func isLeftToOthers(_ index: Int) -> Bool { settings.scope == .own && isHeldUp(index) }

    /// Whether a drain is complete: everything that began is on record. What the next dispatcher would find out as well,
    /// such as what a crash left, is no reason to wait for a store that fails.
    public var isDrained: Bool {
        isDraining && (hasNothingUnderWay || (isStoreFailing && hasNothingOfItsOwn))
    }

    private var isStoreFailing: Bool { storeTrouble.isFailing }

    private var hasNothingOfItsOwn: Bool {
        flights.isEmpty && committing.isEmpty && hasNoFanOut && pending.acceptances.isEmpty
            && pending.health.isEmpty && pending.results.allSatisfy(\.isRecovered)
    }

    private var isQuiet: Bool {
        hasNothingUnderWay && !isReadingEvents && !wantsEvents && !lanes.contains { $0.isWithdrawing }
    }

    private var hasNothingUnderWay: Bool {
        flights.isEmpty && committing.isEmpty && pending.batch.isEmpty && hasNoFanOut
    }

    private var hasNoFanOut: Bool { fanOutsUnderWay == 0 && largeFanOuts.isEmpty }

    /// A transaction reads about so many deliveries into the windows: some milliseconds.
    static let refillRows = 2048

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
        startedAt = time.timeline
        self.deadly = deadly
        if let interruptedRendering {
            pending.batch.setAsides.append(SetAside(event: interruptedRendering, cause: .renderingEnded))
        }
        pending.batch.reads.interrupted = true
        pending.batch.reads.health = true
        pending.batch.reads.openSubscriptions = true
        if settings.scope == .all {
            // Learns the highest id; what is open is read by subscription.
            pending.batch.reads.newDeliveriesAbove = Delivery.ID(rawValue: .max)
            wantsEvents = true
        }
        conclude(at: time)
    }

    /// A moment that was asked for has come.
    public mutating func tick(at time: EngineTime) {
        while let timer = timers.min, timer.at <= time.timeline {
            timers.removeMin()
            if lanes[timer.lane].wakeAt == timer.at { lanes[timer.lane].wakeAt = nil }
            sendPaced(timer.lane, at: time)
            endPauseIfOver(timer.lane, at: time)
            enqueue(timer.lane, at: time)
        }
        if let at = nextEventAt, at <= time.timeline {
            nextEventAt = nil
            wantsEvents = true
        }
        conclude(at: time)
    }

    /// Another connection has written to the store.
    public mutating func foreignWrites(at time: EngineTime) {
        guard hasStarted else { return }
        pending.batch.reads.health = true
        if settings.scope == .all {
            wantsEvents = true
            lookForNewDeliveries(above: highestDelivery)
        } else if !heldUp.isEmpty {
            // What was in the way may have been cancelled.
            wantsEvents = true
            for index in heldUp where lanes[index].firstForeign != nil {
                lanes[index].window.needsRescan = true
                refillIfNeeded(index)
            }
        }
        conclude(at: time)
    }

    /// No new attempts; ``isDrained`` tells when those under way are on record.
    public mutating func drain(at time: EngineTime) {
        isDraining = true
        conclude(at: time)
    }

    /// No transaction takes anything any more: what isn't on record is for the next dispatcher to find.
    public mutating func abandon() { isAbandoned = true }

    /// Takes over a new set of subscriptions. What is gone is parked, what is new or back is looked up in the store.
    ///
    /// - Parameter maxInFlight: replaces the limit over all; `nil` leaves it.
    public mutating func reload(_ subscriptions: [Subscription], maxInFlight: Int? = nil, at time: EngineTime) {
        if let maxInFlight { settings.maxInFlight = maxInFlight }
        let names = Set(subscriptions.map(\.name))
        for index in lanes.indices where !names.contains(lanes[index].name) { park(index) }
        for subscription in subscriptions {
            guard let index = laneIndex[subscription.name] else {
                addLane(subscription)
                lookForForeign(lanes.count - 1)
                lanes[lanes.count - 1].rate.begin(subscription.policy.rateLimit, now: time.timeline)
                continue
            }
            let (wasOrdered, limit) = (lanes[index].policy.ordered, lanes[index].policy.rateLimit)
            lanes[index].target = LaneTarget(subscription)
            if limit != subscription.policy.rateLimit {
                lanes[index].rate.begin(subscription.policy.rateLimit, now: time.timeline)
            }
            if !subscription.isEnabled {
                park(index)
            } else if lanes[index].isParked || wasOrdered != subscription.policy.ordered {
                lanes[index].isParked = false
                forgetWindow(index)
            }
            lanes[index].window.isOrdered = subscription.policy.ordered
            if subscription.policy.ordered {
                hasOrdered = true
                if !wasOrdered { lookForForeign(index) }
            }
            lanes[index].window.limit = windowLimit(subscription.policy)
            enqueue(index, at: time)
        }
        // Health of subscriptions that are new here may be in the store.
        if hasStarted { pending.batch.reads.health = true }
        conclude(at: time)
    }

    /// Takes care of events (rows) that are in the store already. For ``EngineSettings/Scope/own``.
    public mutating func adopt(_ events: [Int64], at time: EngineTime) {
        pending.batch.reads.adoptions.append(contentsOf: events)
        pending.batch.reads.pendingEventsDueBy = time.certain
        conclude(at: time)
    }

    // MARK: - Lanes

    private mutating func addLane(_ subscription: Subscription) {
        if subscription.policy.ordered { hasOrdered = true }
        laneIndex[subscription.name] = lanes.count
        lanes.append(
            Lane(
                name: subscription.name,
                target: LaneTarget(subscription),
                window: makeWindow(subscription.policy),
                health: SubscriptionHealth(subscription: subscription.name),
                isParked: !subscription.isEnabled,
                awaitsHealth: hasStarted
            )
        )
    }

    private func makeWindow(_ policy: DeliveryPolicy) -> LaneWindow {
        // Before the start everything is read anew, and an own engine has what it was given.
        LaneWindow(
            limit: windowLimit(policy),
            isComplete: settings.scope == .own || !hasStarted,
            isOrdered: policy.ordered
        )
    }

    private func windowLimit(_ policy: DeliveryPolicy) -> Int {
        settings.scope == .own ? LaneWindow.unlimited : max(32, min(1024, policy.maxInFlight * 4))
    }

    /// Forgets what is held of a subscription that is not to be served; the store has it.
    private mutating func park(_ index: Int) {
        lanes[index].isParked = true
        forgetWindow(index)
    }

    mutating func forgetWindow(_ index: Int) {
        let forgotten = lanes[index].window.forget(isComplete: settings.scope == .own)
        for held in forgotten { release(held) }
        // It is for others now, and what follows waits for them.
        if !forgotten.isEmpty { lookForForeign(index) }
    }

    /// An engine that has only its own deliveries reads what others have of an ordered subscription, before it goes on.
    mutating func lookForForeign(_ index: Int) {
        guard settings.scope == .own, lanes[index].policy.ordered else { return }
        lanes[index].firstForeign = .first
        lanes[index].window.needsRescan = true
    }

    /// A delivery is no longer held.
    mutating func release(_ delivery: HeldDelivery) {
        held.remove(delivery.delivery.id)
        heldBodyBytes -= delivery.body?.count ?? 0
    }
}

/// When to look at a lane again.
struct LaneTimer: Comparable {
    var at: Timestamp
    var lane: Int

    static func < (lhs: LaneTimer, rhs: LaneTimer) -> Bool { (lhs.at, lhs.lane) < (rhs.at, rhs.lane) }
}
