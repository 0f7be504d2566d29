internal import Dispatch
package import WebhookCore

/// A runner's part in a store that several dispatchers share.
package struct RunnerLeases: Sendable {
    package var store: any LeaseStore
    /// With the id of the first term.
    package var record: NodeRecord
    package var settings: LeaseKeeper.Settings
    /// Told of each round that failed.
    package var onFailure: @Sendable (StoreError) -> Void

    package init(
        store: any LeaseStore,
        record: NodeRecord,
        settings: LeaseKeeper.Settings = LeaseKeeper.Settings(),
        onFailure: @escaping @Sendable (StoreError) -> Void = { _ in }
    ) {
        self.store = store
        self.record = record
        self.settings = settings
        self.onFailure = onFailure
    }
}

/// Leases: what the keeper decides, carried out on the engine's queue.
extension EngineRunner {
    /// The node under which the engine claims now; `nil`: it is alone.
    package func node() async -> NodeID? {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.keeper?.node) }
        }
    }

    /// Tells others with the next heartbeat how long what is due longest has been waiting.
    package func report(lag: Duration?) { queue.async { self.keeper?.report(lag: lag) } }

    /// Tells whether a subscription is served here: all are, where no other dispatcher shares the store.
    func serves(_ name: String) -> Bool {
        dispatchPrecondition(condition: .onQueue(queue))
        return keeper?.serves(name) ?? true
    }

    /// Tells the keeper what the configuration has.
    func configureLeases() {
        guard keeper != nil else { return }
        // What can't be sent to from here may be another's to serve.
        let names = snapshot.registry.subscriptions.filter(\.isServed).map(\.name)
        changeLeases { [snapshot] in $0.configure(names, hash: snapshot.hash, now: $1) }
        process { _, _ in }
    }

    /// Changes the keeper, and tells engine and store what follows. What the engine wants then is left to ``process(_:)``.
    func changeLeases(_ change: (inout LeaseKeeper, Timestamp) -> Void) {
        dispatchPrecondition(condition: .onQueue(queue))
        guard fatal == nil, keeper != nil else { return }
        let time = clock.now
        change(&keeper!, time.monotonic)
        guard let keeper, let actions = self.keeper?.takeActions() else { return }
        let (node, until) = (keeper.node, keeper.until)
        let targets = actions.serve.compactMap { snapshot.registry.subscription(named: $0) }.map {
            SharedSubscription($0, requests: snapshot.renderer.requests(to: $0))
        }
        withEngine { engine in
            engine.hold(as: node, until: until, at: time)
            if !actions.stop.isEmpty { engine.stopServing(actions.stop, at: time) }
            engine.serve(targets, at: time)
            if actions.looksForAbandoned { engine.lookForAbandoned(at: time) }
        }
        for notice in actions.notices { observer.noticed(notice) }
        guard let round = actions.round else { return }
        guard let leaseStore else { return }
        leaseRounds.begun.add(1, ordering: .releasing)
        leaseStore.hold(round) { [weak self, leaseRounds, onLeaseFailure] result in
            leaseRounds.ended.add(1, ordering: .releasing)
            if case .failure(let error) = result { onLeaseFailure(error) }
            guard let self else { return }
            queue.async {
                self.changeLeases { $0.ended(result, now: $1) }
                let failure: StoreError? = if case .failure(let error) = result { error } else { nil }
                // The last round is nobody's concern any more.
                self.process { engine, time in if !round.leaves { engine.leaseRoundEnded(failure, at: time) } }
            }
        }
    }

    /// Once nothing is under way any more, everything is handed over at once.
    func leaveIfDrained() {
        guard keeper?.isOver == false, engine.withLock({ $0.isDrained }) else { return }
        changeLeases { $0.leave(now: $1) }
        changeLeases { $0.tick(now: $1) }
    }
}
