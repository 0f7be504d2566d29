internal import WebhookCore

/// The queues of all subscriptions, by index and by name.
struct SubscriptionQueues {
    private var queues: [SubscriptionQueue] = []
    private var byName: [String: Int] = [:]
    /// Whether order matters, or has mattered, to any.
    private(set) var hasOrdered = false

    var indices: Range<Int> { queues.indices }

    /// Changes in place: a queue is large.
    subscript(index: Int) -> SubscriptionQueue {
        _read { yield queues[index] }
        _modify { yield &queues[index] }
    }

    /// The index of a subscription's queue.
    func index(of name: String) -> Int? { byName[name] }

    /// - Returns: its index.
    mutating func add(_ queue: SubscriptionQueue) -> Int {
        byName[queue.name] = queues.count
        queues.append(queue)
        if queue.policy.ordered { hasOrdered = true }
        return queues.count - 1
    }

    /// Replaces a queue's subscription.
    mutating func update(_ index: Int, _ target: SharedSubscription) {
        queues[index].target = target
        if target.subscription.policy.ordered { hasOrdered = true }
    }
}
