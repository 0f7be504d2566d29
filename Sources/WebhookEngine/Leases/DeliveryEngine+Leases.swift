package import WebhookCore

/// The term of its node that an engine claims under.
struct LeaseTerm {
    var node: NodeID
    /// Attempts begin until then, on the monotonic clock; `nil`: none does.
    var until: Timestamp?
}

/// An engine beside others on the same store: it serves what it is told to, and the rest is not in its configuration.
extension DeliveryEngine {
    // MARK: - Inputs

    /// The node's lease was renewed, or a term has begun.
    ///
    /// - Parameter until: attempts may begin until then, on the monotonic clock; `nil`: none may.
    package mutating func hold(as node: NodeID, until: Timestamp?, at time: EngineTime) {
        let wasOver = !isWithinTerm(at: time)
        term = LeaseTerm(node: node, until: until)
        if wasOver, isWithinTerm(at: time) { for index in queues.indices { schedule(index, at: time) } }
        finishInput(at: time)
    }

    /// The leases of subscriptions were acquired: what their last owner had in flight is settled, then they are served.
    package mutating func serve(_ targets: [SharedSubscription], at time: EngineTime) {
        guard !targets.isEmpty else { return }
        for target in targets {
            replace(target, at: time)
            guard let index = queues.index(of: target.subscription.name) else { continue }
            queues[index].isAcquiring = true
            // The queue may be there still, with requests of an earlier term under way.
            queues[index].service.awaitHealth()
        }
        // All in one batch, before anything of theirs begins: they wait for their health.
        commits.readAcquired(targets.map(\.subscription.name))
        commits.readHealth()
        finishInput(at: time)
    }

    /// Begins nothing of these subscriptions any more. Each is named in ``EngineActions/drained`` once all that is under way
    /// is on record.
    package mutating func stopServing(_ names: [String], at time: EngineTime) {
        for name in names {
            if let index = queues.index(of: name) { leave(index) } else { actions.drained.append(name) }
        }
        finishInput(at: time)
    }

    /// Looks for what nodes have left in flight that are dead, of subscriptions that nobody serves: no file of a dispatcher has
    /// them any more, so that nobody will acquire them.
    package mutating func lookForAbandoned(at time: EngineTime) {
        commits.readAbandoned(atMost: Self.mostAbandoned)
        finishInput(at: time)
    }

    // MARK: - Steps

    /// The most attempts that a look finds; the next goes on.
    private static let mostAbandoned = 1000

    /// Ends what the look before has found as well: interrupted, as where a subscription leaves the file of a dispatcher that is
    /// alone. Nobody has to hold a lease for that, since the claims' terms are over; and a result is for one attempt.
    mutating func abandoned(_ found: [InterruptedDelivery], at time: EngineTime) {
        // What this engine itself has under way of an earlier term ends by itself.
        let own = attempts.numbers.union(commits.attemptsToRecord)
        let before = abandoned
        abandoned = Set(found.map(\.number)).subtracting(own)
        recover(found.filter { abandoned.contains($0.number) && before.contains($0.number) }, isServed: false, at: time)
    }

    /// Nobody knows yet what this node is to serve; events that wait for their fan-out are anybody's.
    mutating func beginLeased() {
        _ = phase.start()
        commits.readNewDeliveries(above: Delivery.ID(rawValue: .max))
        backlog.want()
    }

    /// Tells whether attempts may begin, by the lease's time.
    func isWithinTerm(at time: EngineTime) -> Bool {
        guard settings.isLeased else { return true }
        guard let until = term?.until else { return false }
        return time.monotonic < until
    }

    /// Takes over subscriptions that were acquired: what is open, and what their last owner left in flight.
    ///
    /// Attempts that this engine itself has under way of an earlier term look the same there, and have not ended.
    mutating func acquired(_ names: [String], _ reads: StoreReadResult, at time: EngineTime) {
        let (acquired, own) = (Set(names), attempts.numbers.union(commits.attemptsToRecord))
        let interrupted = reads.interrupted.filter { found in
            acquired.contains(found.delivery.subscription) && !own.contains(found.number)
        }
        recover(interrupted, at: time)
        openQueues(reads.openSubscriptions, at: time)
        for index in names.compactMap(queues.index) { schedule(index, at: time) }
    }

    /// The queues with something under way that names only its subscription.
    var queuesUnderWayByName: Set<Int> {
        Set(commits.subscriptionsByName.compactMap(queues.index))
    }

    /// Something that was accepted before an ordered subscription's next delivery waits in the store, as the refused claim
    /// says: for its fan-out by some node, or unread.
    mutating func claimedBehind(_ token: UInt64, at time: EngineTime) {
        guard let attempt = abandonAttempt(token) else { return }
        let index = attempt.queue
        queues[index].holdBack(attempt.queued.delivery.id, at: time.monotonic)
        requeue(attempt.queued, queue: index, at: time)
        guard queues[index].isOpen else { return }
        queues[index].buffer.needsRescan = true
        refillIfNeeded(index)
        backlog.want()
    }
}
