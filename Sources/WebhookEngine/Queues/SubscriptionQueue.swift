internal import DequeModule
package import WebhookCore

/// A subscription's share of the engine: its buffer, its limits and what is known of its endpoint.
struct SubscriptionQueue {
    let name: String
    var target: SharedSubscription
    var buffer: DeliveryBuffer
    /// Attempts that take a slot.
    private(set) var inFlight = 0
    /// The number of them that have left.
    private(set) var onTheWire = 0
    /// Claims that are durable and leave once one on the wire has ended, the first first.
    private var ahead: Deque<ClaimedSend> = []
    /// New deliveries that wait their turn and are not durable yet.
    private(set) var arriving = 0
    var endpoint = EndpointState()
    var rate = RateLimiter()
    /// Claims that are durable and wait for their time to leave, the first first. A few.
    private var paced: [ClaimedSend] = []
    /// The store's memory of the subscription.
    var health: SubscriptionHealth
    /// True when the store has the same.
    private(set) var healthRecord = HealthRecord.written
    /// The slot class that the queue stands in line for.
    var slotClass: SlotClass?
    /// The share of the slots that its attempts count in, with the others of its tenant.
    var share = TenantShares.none
    var service: QueueService
    /// True when its subscription has left the configuration.
    var isLeaving = false
    /// Held by a person.
    var pause = PauseState()
    var cancellation = Cancellation.none
    /// The deliveries of others that its own must not overtake.
    var external = ExternalDeliveries()
    /// A first attempt whose claim came too early where order matters, and when it may be tried again.
    private var heldBack: (delivery: Delivery.ID, until: Timestamp)?
    /// Claims in a row that came too early.
    private var earlyClaims = 0
    /// Its lease was just acquired: what its last owner left is to be read before anything.
    var isAcquiring = false

    /// - Parameter knowsHealth: whether the store's word on it comes before anything is sent.
    init(_ target: SharedSubscription, buffer: DeliveryBuffer, knowsHealth: Bool) {
        name = target.subscription.name
        self.target = target
        self.buffer = buffer
        health = SubscriptionHealth(subscription: target.subscription.name)
        service = QueueService(isEnabled: target.subscription.isServed, knowsHealth: knowsHealth)
    }

    var policy: DeliveryPolicy { target.subscription.policy }
    var isDisabled: Bool { health.disabled != nil }
    /// True when it shares the small part of the slots.
    var isOnProbation: Bool { !health.hasSucceeded || endpoint.isTimingOut }

    /// The most attempts at once: one where order matters; and one where nobody knows whether anything ever comes back, so
    /// that a dead endpoint holds one of the shared slots and not several.
    var maxInFlight: Int { policy.ordered || isOnProbation ? 1 : policy.maxInFlight }
    /// The most claims at once. An endpoint that answers quickly gets as many again as it may have requests: while those are on
    /// the wire, the next become durable.
    ///
    /// Not where a claim alone counts: single-shot deliveries, those in order, and those at a pace.
    ///
    /// - Parameter least: the requests at once from which that is worth it; `nil`: never.
    func mostClaims(from least: Int?) -> Int {
        guard let least, policy.maxInFlight >= least, endpoint.isQuick, policy.mode == .retry, policy.rateLimit == nil,
            !policy.ordered, !isOnProbation
        else { return maxInFlight }
        return 2 * policy.maxInFlight
    }
    /// True when as many requests are on the wire as may be.
    var isFull: Bool { onTheWire >= policy.maxInFlight }
    /// True when the subscription can be sent to: what has begun goes on.
    var isServed: Bool { service.isServing && !isDisabled }
    /// True when deliveries may start at all.
    var isOpen: Bool { isServed && !pause.isPaused }
    /// The delivery to start next, once it is due.
    var candidate: QueuedDelivery? { buffer.isAhead ? nil : buffer.ready.first }
    /// Tells whether nothing of it is in memory or under way.
    ///
    /// - Parameter isHandedOver: whether another goes by what the store has of its health, whatever that is.
    func isUnused(isHandedOver: Bool) -> Bool {
        buffer.count == 0 && inFlight == 0 && arriving == 0 && slotClass == nil && !cancellation.isUnderWay
            && (healthRecord == .written || (isHandedOver && healthRecord == .refused))
    }
    /// True when nothing is known to be open, in memory or in the store.
    var isExhausted: Bool { buffer.isExhausted && arriving == 0 }
    /// Tells whether nothing is known to be due: a new delivery overtakes none.
    func isIdle(at now: Timestamp) -> Bool { buffer.isIdle(at: now) && arriving == 0 }
}

// MARK: - Deliveries and attempts

extension SubscriptionQueue {
    /// A new delivery that waits its turn is on its way to the store.
    mutating func expectNew() { arriving += 1 }

    /// A new delivery is stored, or was not.
    mutating func newArrived() { arriving -= 1 }

    /// An attempt begins that takes a slot.
    mutating func beginAttempt() {
        inFlight += 1
        endpoint.breaker.started()
        rate.claim()
    }

    /// An attempt that takes a slot leaves.
    mutating func attemptLeaves() { onTheWire += 1 }

    /// An attempt that took a slot has ended.
    mutating func endAttempt(hadLeft: Bool) {
        inFlight -= 1
        if hadLeft { onTheWire -= 1 }
    }

    /// A claimed attempt waits until another one has ended.
    mutating func holdAhead(_ send: ClaimedSend) { ahead.append(send) }

    /// The claimed attempt that leaves now that there is room for it.
    mutating func takeAhead() -> ClaimedSend? { isFull ? nil : ahead.popFirst() }

    /// Takes out the claims that will not leave any more.
    mutating func takeAllAhead() -> [ClaimedSend] {
        defer { ahead = [] }
        return Array(ahead)
    }

    /// A claimed attempt waits for its time.
    mutating func pace(_ send: ClaimedSend) { paced.append(send) }

    /// The claimed attempts that waited for their time; those whose time has not come wait again.
    mutating func takePaced() -> [ClaimedSend] {
        guard !paced.isEmpty else { return [] }
        defer { paced = [] }
        return paced
    }
}

// MARK: - Order

extension SubscriptionQueue {
    /// Tells whether a delivery must wait for something accepted before it. What was attempted goes on whatever comes.
    ///
    /// - Parameter limit: the place up to which events are matched.
    func isBlocked(_ queued: QueuedDelivery, upTo limit: Int64) -> Bool {
        guard policy.ordered, !queued.isRetry else { return false }
        if let place = queued.delivery.acceptancePlace, place > limit { return true }
        return external.stand(before: queued.turn)
    }
}

extension SubscriptionQueue {
    /// A claim came too early: the next may come after a while, longer each time.
    mutating func holdBack(_ delivery: Delivery.ID, at now: Timestamp) {
        earlyClaims = min(earlyClaims + 1, 7)
        heldBack = (delivery, now + .milliseconds(10 << earlyClaims))
    }

    /// Something has come that it may have waited for, or a claim is durable.
    mutating func holdBackNoMore() { (heldBack, earlyClaims) = (nil, 0) }

    /// The time until which a delivery is held back; `nil`: it isn't.
    func heldUntil(_ delivery: Delivery.ID) -> Timestamp? { heldBack?.delivery == delivery ? heldBack?.until : nil }
}

// MARK: - Health

extension SubscriptionQueue {
    /// The memory has changed and is to be written.
    mutating func healthChanged() { if healthRecord == .written { healthRecord = .unwritten } }

    /// The memory is durable.
    mutating func healthIsDurable() { healthRecord = .written }

    /// The store won't take what is remembered.
    ///
    /// - Returns: whether that is new.
    mutating func refuseHealth() -> Bool {
        defer { healthRecord = .refused }
        return healthRecord != .refused
    }
}

/// The state of the store's copy of what is remembered of a subscription.
enum HealthRecord {
    /// The store has what is known here. ──changed──▶ unwritten
    case written
    /// ──durable──▶ written; ──the store won't take it──▶ refused
    case unwritten
    /// The process goes by what is known here, and writes it with the next change. ──durable──▶ written
    case refused
}

/// A subscription with what makes its requests, shared without copying.
package final class SharedSubscription: Sendable {
    package let subscription: Subscription
    package let requests: any RequestMaker
    /// The URL as it may be shown.
    let url: String

    package init(_ subscription: Subscription, requests: any RequestMaker) {
        self.subscription = subscription
        self.requests = requests
        url = subscription.url.display
    }
}

/// An attempt whose claim is durable, and which has not left.
struct ClaimedSend {
    var token: UInt64
    var body: ByteString
}
