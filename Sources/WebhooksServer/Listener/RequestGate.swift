internal import Synchronization

/// Counts requests and the bytes of their bodies that are under way.
final class RequestGate: Sendable {
    /// The party that a request counts for.
    enum Party: Sendable, Hashable {
        case organisation
        /// The tokens of one application: they may have a share of what there is.
        case application(String)
        /// Those whose token has to be looked up.
        case unknown
    }

    private struct Counts {
        var requests = 0
        var bytes = 0
    }

    private struct State {
        var all = Counts()
        var shares: [Party: Counts] = [:]
    }

    private let state = Mutex(State())
    private let requests: Int
    private let bytes: Int
    private let shares: Int

    /// - Parameter shares: a party other than the organisation may have all divided by this.
    init(requests: Int, bytes: Int, shares: Int) {
        (self.requests, self.bytes, self.shares) = (requests, bytes, shares)
    }

    /// Takes a place for a request; `false` where there is none.
    func enter(_ party: Party) -> Bool { add(Counts(requests: 1), party) }

    func leave(_ party: Party) { remove(Counts(requests: 1), party) }

    /// Counts bytes of a body that have come; `false` where there are too many.
    func hold(bytes: Int, _ party: Party) -> Bool { add(Counts(bytes: bytes), party) }

    func release(bytes: Int, _ party: Party) { remove(Counts(bytes: bytes), party) }

    private func add(_ more: Counts, _ party: Party) -> Bool {
        state.withLock { state in
            guard state.all.requests + more.requests <= requests, state.all.bytes + more.bytes <= bytes else {
                return false
            }
            if party != .organisation {
                let share = state.shares[party] ?? Counts()
                guard share.requests + more.requests <= max(1, requests / shares),
                    share.bytes + more.bytes <= bytes / shares
                else { return false }
                state.shares[party] = Counts(
                    requests: share.requests + more.requests,
                    bytes: share.bytes + more.bytes
                )
            }
            state.all.requests += more.requests
            state.all.bytes += more.bytes
            return true
        }
    }

    private func remove(_ less: Counts, _ party: Party) {
        state.withLock { state in
            state.all.requests -= less.requests
            state.all.bytes -= less.bytes
            guard var share = state.shares[party] else { return }
            share.requests -= less.requests
            share.bytes -= less.bytes
            state.shares[party] = share.requests == 0 && share.bytes == 0 ? nil : share
        }
    }

    /// The requests under way.
    var count: Int { state.withLock(\.all.requests) }
}
