internal import Dispatch
internal import WebhookCore

/// The runner's work on the engine's queue.
extension EngineRunner {
    func drainMailbox() {
        dispatchPrecondition(condition: .onQueue(queue))
        let (requests, completions) = mailbox.withLock { mailbox in
            defer {
                mailbox.requests = []
                mailbox.completions = []
                mailbox.isScheduled = false
            }
            return (mailbox.requests, mailbox.completions)
        }
        if let fatal {
            for completion in completions { completion.resume(returning: .failure(fatal)) }
            return
        }
        for (request, completion) in zip(requests, completions) { emitCompletions[request.token] = completion }
        process { engine, time in engine.emit(requests, at: time) }
    }

    func tick() {
        timerAt = nil
        changeLeases { $0.tick(now: $1) }
        process { engine, time in engine.tick(at: time) }
    }

    func lookForExternalWrites() {
        store.checkExternalWrites { [weak self] result in
            guard let self, result != .success(false) else { return }
            queue.async {
                switch result {
                case .success:
                    self.process { engine, time in engine.externalWrites(at: time) }
                case .failure(let error):
                    self.stop(error)
                    self.wakeWaiters()
                }
            }
        }
    }

    func commit() {
        transactions.begun.add(1, ordering: .releasing)
        store.commit {
            self.withEngine { $0.takeBatch() }
        } completion: { [self] result in
            // On the store's queue, which goes on with what is ready.
            transactions.ended.add(1, ordering: .releasing)
            if case .success = result, withEngine({ $0.continuesCommitting() }) { commit() }
            queue.async { self.completed(result) }
        }
    }

    func completed(_ result: Result<[StoreBatchResult], StoreError>) {
        switch result {
        case .success(let results):
            lastFailure = nil
            if hasUncountedMark, !results.isEmpty {
                // The count is durable with the first transaction, before anything is rendered.
                hasUncountedMark = false
                for place in RenderingPlace.allCases { mark.set(nil, at: place) }
            }
            process { engine, time in engine.committed(results, at: time) }
        case .failure(let error):
            lastFailure = error
            if error.isFinal { stop(error) }
            process { engine, time in engine.commitFailed(error, at: time) }
        }
    }

    /// Stops for an error that no waiting mends: nothing more is sent from this store.
    func stop(_ error: StoreError) {
        guard fatal == nil else { return }
        observer.failed(error)
        end(error)
    }

    /// Nothing is begun any more, and whoever waits is told.
    func end(_ error: StoreError) {
        fatal = error
        for completion in emitCompletions.values { completion.resume(returning: .failure(error)) }
        emitCompletions = [:]
        for token in healthReads.keys { endHealthRead(token, isInForce: false) }
    }

    /// Gives the engine an input, and does what it wants done until it wants nothing more.
    func process(_ input: (inout DeliveryEngine, EngineTime) -> Void) {
        dispatchPrecondition(condition: .onQueue(queue))
        var actions = withEngine { engine in
            input(&engine, clock.now)
            return engine.takeActions()
        }
        while actions.isPressing {
            // Damage stops everything: nothing is sent from a store that can't be trusted.
            if fatal == nil {
                if actions.wantsCommit { commit() }
                send(actions.sends)
            }
            for reply in actions.replies {
                emitCompletions.removeValue(forKey: reply.token)?.resume(returning: reply.result)
            }
            if !actions.recorded.isEmpty { observer.recorded(actions.recorded) }
            if !actions.settled.isEmpty { observer.settled(actions.settled) }
            for notice in actions.notices { observer.noticed(notice) }
            for token in actions.healthReads { endHealthRead(token, isInForce: true) }
            for event in actions.fanOuts {
                mark.set(.fanOut(event: event.row))
                let deliveries = snapshot.prepare(event.event, target: event.target)
                mark.set(nil)
                withEngine { $0.fannedOut(event, deliveries: deliveries, at: clock.now) }
            }
            // Afterwards, so that a small one of these that ends the process does so alone.
            renderBeside(actions.largeFanOuts)
            if !actions.drained.isEmpty { changeLeases { $0.drained(actions.drained, now: $1) } }
            if actions.doubtsLeases { changeLeases { $0.distrust(now: $1) } }
            if let version = actions.newerSubscriptions { followSubscriptions(to: version) }
            actions = withEngine { $0.takeActions() }
        }
        leaveIfDrained()
        setTimer([actions.wakeAt, keeper?.wakeAt].compactMap(\.self).min())
        wakeWaiters()
    }

    /// The store's subscriptions are newer than what something was matched by; perhaps not than what is in force by now.
    private func followSubscriptions(to version: Int64) {
        let known = snapshot.registry.storedVersion
        if known >= version {
            withEngine { $0.learned(subscriptionsOf: known, at: clock.now) }
        } else {
            onNewerSubscriptions()
        }
    }

    /// Tells the engine which version of the store's subscriptions is in force.
    func learnSubscriptions() {
        process { [version = snapshot.registry.storedVersion] engine, time in
            engine.learned(subscriptionsOf: version, at: time)
        }
    }

    /// Matches and renders large events on a queue of their own, one after the other: everybody else's deliveries go on,
    /// and no more than one of them is taken apart in memory.
    func renderBeside(_ events: [PendingEvent]) {
        for event in events {
            rendering.async { [mark, weak self] in
                guard let snapshot = self?.snapshotInForce else { return }
                mark.set(.fanOut(event: event.row), at: .beside)
                let deliveries = snapshot.prepare(event.event, target: event.target)
                mark.set(nil, at: .beside)
                guard let self else { return }
                queue.async {
                    self.process { engine, time in engine.fannedOut(event, deliveries: deliveries, at: time) }
                }
            }
        }
    }

    /// The snapshot that was reloaded last, for other queues; `nil` once everything has ended.
    private var snapshotInForce: ConfigurationSnapshot? {
        dispatchPrecondition(condition: .notOnQueue(queue))
        return queue.sync { fatal == nil ? snapshot : nil }
    }

    func setTimer(_ at: Timestamp?) {
        guard at != timerAt else { return }
        timerAt = at
        guard let at else { return timer.schedule(deadline: .distantFuture) }
        let wait = max(0, at.milliseconds - clock.monotonic.milliseconds)
        timer.schedule(deadline: .now() + .milliseconds(Int(min(wait, 3_600_000))), leeway: .milliseconds(1))
    }

    func wakeWaiters() {
        guard !waiters.isEmpty else { return }
        waiters.removeAll { waiter in
            guard fatal != nil || waiter.conditions.contains(where: holds) else { return false }
            waiter.continuation.resume()
            return true
        }
    }

    func holds(_ condition: Condition) -> Bool {
        switch condition {
        case .idle: keeper?.hasItsShare != false && engine.withLock { $0.isIdle(at: clock.now) }
        case .settled: keeper?.hasItsShare != false && engine.withLock { $0.isSettled }
        case .drained: engine.withLock { $0.isDrained } && keeper?.isOver != false
        }
    }
}
