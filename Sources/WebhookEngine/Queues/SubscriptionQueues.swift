internal import WebhookCore

/// The queues of all subscriptions, by index and by name.
///
/// An index stays a queue's own as long as it is there, and may be another's afterwards.
struct SubscriptionQueues {
    /// The queues by index, and at ``free`` indices ``SubscriptionQueue/vacant``.
    private var queues: [SubscriptionQueue] = []
    private var byName: [String: Int] = [:]
    /// The indices in use, in the order in which their queues came.
    private(set) var indices: [Int] = []
    /// Queues whose subscription has left the configuration: they go once nothing of them is under way.
    private var leaving: [Int] = []
    private var free: [Int] = []
    /// True when order matters, or has mattered, to any.
    private(set) var hasOrdered = false

    /// Changed in place: a queue is large. Read as ``Array`` does, by a getter (`make lint` says why).
    subscript(index: Int) -> SubscriptionQueue {
        get { queues[index] }
        _modify { yield &queues[index] }
    }

    /// The index of a subscription's queue.
    func index(of name: String) -> Int? { byName[name] }

    /// - Returns: its index.
    mutating func add(_ queue: SubscriptionQueue) -> Int {
        let index = free.popLast() ?? queues.count
        if index == queues.count { queues.append(queue) } else { queues[index] = queue }
        byName[queue.name] = index
        indices.append(index)
        if queue.policy.ordered { hasOrdered = true }
        return index
    }

    /// Replaces a queue's subscription.
    mutating func update(_ index: Int, _ target: SharedSubscription) {
        queues[index].target = target
        queues[index].isLeaving = false
        if target.subscription.policy.ordered { hasOrdered = true }
    }

    /// A queue's subscription has left the configuration.
    mutating func leave(_ index: Int) {
        guard !queues[index].isLeaving else { return }
        queues[index].isLeaving = true
        leaving.append(index)
    }

    /// The indices of queues that have left and are not back.
    mutating func stillLeaving() -> [Int] {
        leaving.removeAll { !queues[$0].isLeaving }
        return leaving
    }

    /// Removes queues that are leaving; nothing may refer to them any more.
    mutating func remove(_ gone: [Int]) {
        for index in gone {
            byName[queues[index].name] = nil
            queues[index] = .vacant
        }
        free += gone
        let gone = Set(gone)
        indices.removeAll(where: gone.contains)
        leaving.removeAll(where: gone.contains)
    }
}

extension SubscriptionQueue {
    /// The place of a queue that is gone: nothing of its subscription stays in memory, no secret either.
    fileprivate static let vacant = SubscriptionQueue(
        SharedSubscription(
            Subscription(
                name: "",
                url: EndpointURL(scheme: .https, host: "", port: 0, target: "/"),
                topics: [],
                profile: Profile(name: "", title: "", contentTypes: [.json], body: .envelope([]), topics: [])
            ),
            requests: NoRequests()
        ),
        buffer: DeliveryBuffer(limit: 0, isComplete: true),
        knowsHealth: true
    )
}

private final class NoRequests: RequestMaker {
    func request(for attempt: AttemptContext, body: ByteString) throws(RenderingError) -> PreparedRequest {
        throw RenderingError("the subscription is gone")
    }
}

/// The queues themselves: they come and change with the configuration.
extension DeliveryEngine {
    /// A subscription of a new configuration: its queue is new, changes, or goes on.
    mutating func replace(_ target: SharedSubscription, at time: EngineTime) {
        let (subscription, policy) = (target.subscription, target.subscription.policy)
        guard let index = queues.index(of: subscription.name) else {
            let index = addQueue(target)
            lookForExternal(index)
            return queues[index].rate.begin(policy.rateLimit, now: time.monotonic)
        }
        let (wasOrdered, limit) = (queues[index].policy.ordered, queues[index].policy.rateLimit)
        let shareBefore = queues[index].target.subscription.slotShare
        queues.update(index, target)
        if shareBefore != target.subscription.slotShare { changeShare(index) }
        if limit != policy.rateLimit { queues[index].rate.begin(policy.rateLimit, now: time.monotonic) }
        if !subscription.isServed {
            suspendQueue(index)
        } else if queues[index].service.isParked || wasOrdered != policy.ordered {
            queues[index].service.unpark()
            clearBuffer(index)
        }
        queues[index].buffer.isOrdered = policy.ordered
        if policy.ordered, !wasOrdered { lookForExternal(index) }
        queues[index].buffer.limit = bufferLimit(policy)
        schedule(index, at: time)
    }

    /// A subscription is not in the configuration any more: its queue goes with it, once nothing of it is under way. The
    /// store keeps its deliveries.
    mutating func leave(_ index: Int) {
        queues.leave(index)
        suspendQueue(index)
        guard settings.isLeased else { return }
        front.stopWaiting(index)
        commits.ignoreAcquired(queues[index].name)
    }

    /// Removes the queues of subscriptions that have left, as far as nothing of them is under way. All at once: a reload
    /// may drop tens of thousands.
    mutating func removeGoneQueues() {
        let unused = queues.stillLeaving().filter { queues[$0].isUnused(isHandedOver: settings.isLeased) }
        guard !unused.isEmpty else { return }
        var referred = commits.queues.union(attempts.queues)
        if settings.isLeased { referred.formUnion(queuesUnderWayByName) }
        let gone = unused.filter { !referred.contains($0) && !refills.isWaiting($0) && !front.isWaiting($0) }
        guard !gone.isEmpty else { return }
        timers.removeQueues(gone)
        if settings.isLeased { actions.drained += gone.map { queues[$0].name } }
        for index in gone { slots.leaveShare(queues[index].share) }
        queues.remove(gone)
    }

    /// A queue's attempts count in its tenant's share from now on, or in none.
    private mutating func changeShare(_ index: Int) {
        slots.leaveShare(queues[index].share)
        let tenant = queues[index].target.subscription.slotShare
        queues[index].share = tenant.map { slots.joinShare(of: $0) } ?? TenantShares.none
    }

    @discardableResult
    mutating func addQueue(_ target: SharedSubscription) -> Int {
        let policy = target.subscription.policy
        // Before the start everything is read anyway, and an own engine has what it was given.
        let buffer = DeliveryBuffer(
            limit: bufferLimit(policy),
            isComplete: settings.scope == .own || !phase.hasStarted || settings.isLeased,
            isOrdered: policy.ordered
        )
        let index = queues.add(SubscriptionQueue(target, buffer: buffer, knowsHealth: !phase.hasStarted))
        timers.addQueue(index)
        changeShare(index)
        return index
    }

    private func bufferLimit(_ policy: DeliveryPolicy) -> Int {
        settings.scope == .own ? DeliveryBuffer.unlimited : max(32, min(1024, policy.maxInFlight * 4))
    }

    /// Clears what is in memory of a subscription that is not to be served; the store has it.
    mutating func suspendQueue(_ index: Int) {
        queues[index].service.park()
        clearBuffer(index)
    }

    mutating func clearBuffer(_ index: Int) {
        let cleared = queues[index].buffer.clear(isComplete: settings.scope == .own)
        for queued in cleared { memory.remove(queued) }
        // It is for others now, and what follows waits for them.
        if !cleared.isEmpty { lookForExternal(index) }
    }

    /// Tells whether what waits of a queue is kept in memory: where it may start, and while it is paused in an engine
    /// that has nothing to read it from again.
    func keeps(_ index: Int) -> Bool {
        queues[index].isOpen || (queues[index].isServed && settings.scope == .own)
    }

    /// Takes a delivery that is not in memory into its queue's buffer, or leaves it to the store.
    mutating func enqueue(_ delivery: QueuedDelivery, queue index: Int, at time: EngineTime) {
        var delivery = delivery
        memory.insert(&delivery, bodyLimit: settings.bufferedBodyBytes)
        if let left = queues[index].buffer.insert(delivery, limit: room(index), now: time.monotonic) {
            memory.remove(left)
        }
        schedule(index, at: time)
    }

    /// Puts a delivery that was taken for an attempt back to the front.
    mutating func requeue(_ delivery: QueuedDelivery, queue index: Int, at time: EngineTime) {
        guard keeps(index) else {
            leaveToOthers(delivery.delivery, queue: index)
            return memory.remove(delivery)
        }
        queues[index].buffer.requeue(delivery)
        schedule(index, at: time)
    }
}
