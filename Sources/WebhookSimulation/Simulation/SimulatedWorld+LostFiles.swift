internal import WebhookCore
internal import WebhookEngine

/// The store's files are deleted or replaced under the process: it may acknowledge, record and send nothing more, and ends.
/// Whoever comes next sees what was durable.
extension SimulatedWorld {
    /// Now and then. Drawn apart, so that a seed plays the same without it.
    func mayLoseFiles(percent: Int) {
        guard configuration.lostFiles, lossRandom.chance(percent), store.lostFiles == nil else { return }
        // Missed before the next transaction, or only once that is written.
        if process != nil, lossRandom.chance(50) {
            process?.losesFilesAfterCommit = true
            return
        }
        log("the store's files are gone")
        report.count(.lostFiles)
        loseFiles()
        // Also where nothing is written: a dispatcher looks a few times a second.
        agenda.plan(.externalCheck, at: now + Int64(lossRandom.pick(1...150)))
    }

    private func loseFiles() {
        store.loseFiles()
        externalConnection = store.database.connect()
    }

    /// The transaction that was just applied is the last.
    func loseFilesAfterCommit() -> StoreError? {
        guard process?.losesFilesAfterCommit == true else { return nil }
        process?.losesFilesAfterCommit = false
        log("the store's files are gone, and the transaction is written")
        report.count(.lostFilesAfterCommit)
        loseFiles()
        return store.lostFiles
    }

    /// The process has learned of it: from now on nothing counts.
    func stop() {
        guard let number = process?.number, process?.isStopped == false else { return }
        log("process \(number) stops")
        process?.isStopped = true
        process?.emits = [:]
        // Of what was durable before, it may hear or not: it changes nothing.
        process?.endedCommits = []
        agenda.plan(.stoppedProcessEnds(process: number), at: now + Int64(lossRandom.pick(0...3000)))
    }

    func lookForExternalWrites() throws {
        if store.lostFiles != nil { return stop() }
        try process { engine, time in engine.externalWrites(at: time) }
    }

    /// Ends the process: what is on the wire is cut off, and nothing of it recorded.
    func stoppedProcessEnds(_ number: Int) {
        guard process?.number == number else { return }
        process = nil
        agenda.plan(.start, at: now + Int64(lossRandom.pick(0...3000)))
    }

    /// The engine itself claims nothing of what the store did not take.
    func checkStopped(_ actions: EngineActions) throws {
        for reply in actions.replies {
            guard case .failure = reply.result else { throw Violation("acknowledged after the files were gone") }
        }
        try Violation.require(actions.recorded.isEmpty, "recorded after the files were gone")
        try Violation.require(actions.settled.isEmpty, "settled after the files were gone")
    }
}
