internal import Dispatch
internal import WebhookCore

/// The threads of a ``SystemResolver``.
final class LookupPool: Sendable {
    typealias Answer = Result<[IPAddress], ResolutionError>

    /// Somebody who waits for a name.
    private struct Waiter: Sendable {
        var askedAt: MonotonicTime
        var timeout: Duration
        var completion: @Sendable (HostAnswer) -> Void
    }

    private struct Shared {
        var resolver: ResolverState<Waiter>
        var nextTicket: UInt64 = 0
        var isStopped = false
    }

    private let shared: Locked<Shared>
    private let lookup: @Sendable (String) -> Answer
    /// Signalled once for every name that is queued.
    private let names = DispatchSemaphore(value: 0)
    private let timers = DispatchQueue(label: "webhooks.resolver.timers")
    private let threadLimit: Int

    /// The system's name services keep buffers on the stack; far below the usual 8 MB all the same.
    private static let stackSize = 512 * 1024

    init(limits: ResolverLimits, lookup: @escaping @Sendable (String) -> Answer) {
        shared = Locked(Shared(resolver: ResolverState(limits: limits)))
        threadLimit = limits.threads
        self.lookup = lookup
    }

    func request(_ query: HostQuery, completion: @escaping @Sendable (HostAnswer) -> Void) {
        let now = MonotonicTime.now
        let waiter = Waiter(askedAt: now, timeout: query.timeout, completion: completion)
        let (admission, ticket) = shared.withLock { shared in
            shared.nextTicket += 1
            let ticket = shared.nextTicket
            let admission = shared.resolver.request(
                query.host,
                isProven: query.isProven,
                ticket: ticket,
                waiter: waiter,
                now: now
            )
            return (admission, ticket)
        }
        switch admission {
        case .answer(let answer):
            completion(HostAnswer(answer))
        case .wait(let needsThread, let hasBegun):
            if hasBegun {
                giveUp(query.host, ticket, after: query.timeout, waited: .zero)
                return
            }
            names.signal()
            guard needsThread else { return }
            if !DetachedThread.start(stackSize: Self.stackSize, { self.work() }) { threadMissing() }
        }
    }

    /// Lets the threads end when they are done with what they do.
    func stop() {
        shared.withLock { $0.isStopped = true }
        for _ in 0..<threadLimit { names.signal() }
    }

    private func work() {
        while true {
            while let begun = shared.withLock({ $0.isStopped ? nil : $0.resolver.beginLookup(now: .now) }) {
                lookUp(begun.lookup, begun.waiters)
            }
            let ends = shared.withLock { shared in
                if !shared.isStopped { shared.resolver.threadWaits() }
                return shared.isStopped
            }
            if ends { return }
            names.wait()
            shared.withLock { $0.resolver.threadWakes() }
        }
    }

    private func lookUp(_ begun: ResolverState<Waiter>.Lookup, _ waiters: [UInt64: Waiter]) {
        // Time counts from here.
        for (ticket, waiter) in waiters {
            giveUp(begun.host, ticket, after: waiter.timeout, waited: begun.began - waiter.askedAt)
        }
        let answer = lookup(begun.host)
        let responded = shared.withLock { $0.resolver.finish(begun, answer: answer, now: .now) }
        for waiter in responded {
            // Nothing is negative for those who joined later.
            waiter.completion(HostAnswer(answer, waited: max(.zero, begun.began - waiter.askedAt)))
        }
    }

    /// Answers a caller when its time is up, unless it has been answered.
    private func giveUp(_ host: String, _ ticket: UInt64, after timeout: Duration, waited: Duration) {
        timers.asyncAfter(deadline: .now() + .nanoseconds(Int(clamping: timeout.wholeNanoseconds))) { [weak self] in
            let waiter = self?.shared.withLock { $0.resolver.giveUp(host, ticket: ticket) }
            waiter?.completion(HostAnswer(.failure(.timedOut), waited: waited))
        }
    }

    /// Without a single thread nobody would ever look up what is queued.
    private func threadMissing() {
        let abandoned = shared.withLock { shared in
            shared.resolver.threadMissing()
            return shared.resolver.hasThreads ? [] : shared.resolver.abandonAll()
        }
        for waiter in abandoned { waiter.completion(HostAnswer(.failure(.exhausted))) }
    }
}
