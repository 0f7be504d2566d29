import Synchronization

/// Collects a round's history from everybody who takes part.
final class Ledger: Sendable {
    private let history = Mutex(History())
    private let start = ContinuousClock.now

    var now: Instant { ContinuousClock.now - start }

    /// The history so far.
    var snapshot: History { history.withLock { $0 } }

    @discardableResult
    func update<Value: Sendable>(_ body: (inout sending History) -> sending Value) -> Value {
        history.withLock { body(&$0) }
    }

    func add(_ request: RequestFact) { update { $0.requests.append(request) } }

    func add(_ finding: Violation) { update { $0.findings.append(finding) } }

    /// Counts a fault.
    func count(_ what: String) { update { $0.tally[what, default: 0] += 1 } }

    /// Runs something that may keep the store from working.
    func disturbing<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        let start = now
        // Whoever looks meanwhile sees it as going on.
        let index = update { history in
            history.disturbances.append(Interval(start: start, end: .seconds(1_000_000)))
            return history.disturbances.count - 1
        }
        defer {
            // What was refused a time before may still be on its way out.
            let end = now + .seconds(3)
            update { $0.disturbances[index].end = end }
        }
        return try await body()
    }
}
