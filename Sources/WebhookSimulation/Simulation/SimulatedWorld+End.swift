internal import WebhookCore
internal import WebhookInMemory

/// The end: faults cease, and what was promised must have come true.
extension SimulatedWorld {
    /// Faults cease with a last one or two, that nothing afterwards makes good by chance: no reload, no other process's write.
    func ceaseFaults() throws {
        log("faults cease")
        faultsCeased = true
        storeFault = nil
        returnClock()
        if process?.engine.settings.scope == .own { try drain() }
        for subscription in allSubscriptions where random.chance(60) {
            endpoints[subscription.name]?.mood = random.chance(60) ? .healthy : .flaky
        }
        if random.chance(30) {
            try use(
                allSubscriptions.map { registry.subscription(named: $0.name) ?? $0 }.map { subscription in
                    var enabled = subscription
                    enabled.isEnabled = true
                    return enabled
                }
            )
        }
        for subscription in allSubscriptions where isPaused(subscription.name) && random.chance(70) {
            setPaused(false, subscription.name)
            agenda.plan(.externalCheck, at: now + Int64(random.pick(1...100)))
        }
        for instant in 0..<10 { agenda.plan(.lastEmit, at: now + Int64(instant * 30)) }
        agenda.plan(.lastFault, at: now + Int64(random.pick(0...600)))
    }

    func lastFault() throws {
        mayLoseFiles(percent: 20)
        if configuration.storeFaults, random.chance(60) {
            report.count(.storeFailure)
            storeFault = StoreError(.full, "simulated")
            agenda.plan(.storeRecovers, at: now + Int64(random.pick(10...3000)))
        }
        if configuration.crashes, random.chance(40) {
            try crash()
            if configuration.externalWrites, storeFault == nil, random.chance(50) { setDisabled(true) }
        }
    }

    func checkEnd() throws {
        guard let process else { throw Violation("nobody runs at the end") }
        try Violation.require(process.engine.isSettled, "nothing more happens, and it has not settled")
        let isFailing = process.engine.settings.scope == .all && process.engine.takesStoreForFailing
        try Violation.require(!isFailing, "the store works, and nothing will tell the engine")
        let rows = store.rows
        try Violation.require(rows.integrityProblems.isEmpty, rows.integrityProblems.joined(separator: "; "))
        for row in rows.deliveryRows {
            report.deliveries += 1
            report.states[row.state.rawValue, default: 0] += 1
            try checkEnd(of: row)
        }
        for id in acknowledged {
            guard let event = rows.event(id) else { throw Violation("\(id) was acknowledged and is lost") }
            if event.state == .cancelled { continue }
            guard event.state == .fannedOut else {
                try checkNotFannedOut(event)
                continue
            }
            let found = event.deliveries.compactMap { rows.deliveries[$0] }.filter { $0.retriggerOf == nil }
            let wanted = expected[id] ?? []
            try Violation.require(
                found.map(\.subscription).sorted() == wanted.sorted(),
                "\(id) was for \(wanted), and has \(found.count)"
            )
        }
    }

    private func checkEnd(of row: InMemoryDeliveryRow) throws {
        guard let ledger = deliveries[row.id] else { throw Violation("\(row.id) came out of nowhere") }
        let poison = poison(of: row)
        // The store refuses the record of the last.
        let recorded = poison == .unrecordable && row.state == .inFlight ? row.attempts - 1 : row.attempts
        try Violation.require(row.log.map(\.number) == Array(1..<recorded + 1), "\(row.id): attempts with gaps")
        try Violation.require(ledger.received <= row.attempts, "\(row.id): more requests than attempts")
        if poison?.staysOpen == true, !row.state.isSettled { return }
        if let last = ledger.cancelledDuring {
            try Violation.require(
                row.attempts == last && [.delivered, .cancelled, .unknown].contains(row.state),
                "\(row.id) was cancelled during attempt \(last), and is \(row.state) after \(row.attempts)"
            )
        }
        switch row.state {
        case .inFlight:
            throw Violation("\(row.id) is in flight at the end")
        case .pending, .waiting:
            let isServed =
                registry.subscription(named: row.subscription)?.isEnabled == true && !isPaused(row.subscription)
            try Violation.require(!isServed, "\(row.id) of \(row.subscription) is \(row.state) at the end")
        case .delivered:
            try Violation.require(ledger.received >= 1, "\(row.id) is delivered, and nobody has it")
        case .unknown:
            try Violation.require(row.mode == .singleShot, "\(row.id) is unknown under retry")
        case .cancelled:
            let isAsked = ledger.isCancelled || ledger.cancelledDuring != nil
            try Violation.require(isAsked || row.lastError == .disabled, "\(row.id) was cancelled by nobody")
            try Violation.require(!isAsked || row.lastError != .disabled, "\(row.id) was cancelled, and may come back")
        case .failed:
            try checkFailed(row, ledger)
        }
    }

    private func checkFailed(_ row: InMemoryDeliveryRow, _ ledger: DeliveryLedger) throws {
        if row.lastError == .internal {
            return try Violation.require(poison(of: row) != nil, "\(row.id) is given up, and nothing is wrong with it")
        }
        if row.lastError == .template || row.lastStatus == 410 || row.mode == .singleShot { return }
        try Violation.require(ledger.steps >= 2, "\(row.id) failed after \(ledger.steps) steps")
    }
}
