internal import Collections
internal import WebhookCore

/// The state of a pool of lookup threads: names in, names to look up and answers out. Time is an argument.
struct ResolverState<Waiter: Sendable>: Sendable {
    typealias Answer = Result<[IPAddress], ResolutionError>
    typealias Standing = NameRecord.Standing

    /// The action that follows from a request.
    enum Admission {
        case answer(Answer)
        /// Wait; a new thread is wanted where `needsThread`. The lookup has begun already where `hasBegun`.
        case wait(needsThread: Bool, hasBegun: Bool)
    }

    /// A name that a thread looks up.
    struct Lookup: Sendable {
        var host: String
        var standing: Standing
        /// True when the name is known to have answered before.
        var hasAnswered: Bool
        var began: MonotonicTime
        fileprivate var domain: Substring
    }

    private struct Wait {
        var waiters: [UInt64: Waiter]
        var standing: Standing
        var hasAnswered: Bool
        var hasBegun = false
    }

    private let limits: ResolverLimits
    private var records: [String: NameRecord] = [:]
    private var waiting: [String: Wait] = [:]
    private var proven: Deque<String> = []
    private var untried = DomainQueue()
    private var slow = DomainQueue()
    private var threads = 0
    private var idleThreads = 0
    private var unprovenRunning = 0
    private var slowRunning = 0
    /// Unproven names that are being looked up, by domain.
    private var runningByDomain: [Substring: Int] = [:]

    init(limits: ResolverLimits) {
        self.limits = limits
    }

    private var queued: Int { proven.count + untried.count + slow.count }

    /// A caller wants a name's addresses; `isProven`: its endpoint is known to have answered before.
    mutating func request(_ host: String, isProven: Bool, ticket: UInt64, waiter: Waiter, now: MonotonicTime)
        -> Admission
    {
        let record = records[host]
        if let record, now < record.expires { return .answer(record.answer) }
        let standing = record?.standing ?? (isProven ? .proven : .untried)
        if var wait = waiting[host] {
            wait.waiters[ticket] = waiter
            wait.hasAnswered = wait.hasAnswered || isProven
            if standing.rawValue < wait.standing.rawValue, !wait.hasBegun {
                // Its place in the other queue is passed over.
                wait.standing = standing
                enqueue(host, standing)
            }
            waiting[host] = wait
            return .wait(needsThread: false, hasBegun: wait.hasBegun)
        }
        waiting[host] = Wait(
            waiters: [ticket: waiter],
            standing: standing,
            hasAnswered: isProven || record?.hasAnswered == true
        )
        enqueue(host, standing)
        guard queued > idleThreads, threads < limits.threads else {
            return .wait(needsThread: false, hasBegun: false)
        }
        threads += 1
        return .wait(needsThread: true, hasBegun: false)
    }

    /// A caller's time is up. The lookup goes on, for those who join it later.
    mutating func giveUp(_ host: String, ticket: UInt64) -> Waiter? {
        waiting[host]?.waiters.removeValue(forKey: ticket)
    }

    /// A thread is free: the lookup that it begins, with those who wait for it; `nil`: it waits.
    mutating func beginLookup(now: MonotonicTime) -> (lookup: Lookup, waiters: [UInt64: Waiter])? {
        while let (host, standing) = nextName() {
            guard var wait = waiting[host], !wait.hasBegun, wait.standing == standing else { continue }
            wait.hasBegun = true
            waiting[host] = wait
            let domain = RegistrableDomain.of(host)
            if standing != .proven {
                unprovenRunning += 1
                if standing == .slow { slowRunning += 1 }
                runningByDomain[domain, default: 0] += 1
            }
            let lookup = Lookup(
                host: host,
                standing: standing,
                hasAnswered: wait.hasAnswered,
                began: now,
                domain: domain
            )
            return (lookup, wait.waiters)
        }
        return nil
    }

    /// A lookup ended: those who still wait for it.
    mutating func finish(_ lookup: Lookup, answer: Answer, now: MonotonicTime) -> [Waiter] {
        if lookup.standing != .proven {
            unprovenRunning -= 1
            if lookup.standing == .slow { slowRunning -= 1 }
            let others = (runningByDomain[lookup.domain] ?? 1) - 1
            runningByDomain[lookup.domain] = others > 0 ? others : nil
        }
        makeRoom(now: now)
        let isSlow = now - lookup.began >= limits.slowLookup
        let (hasAddress, age) =
            if case .success = answer { (true, limits.positiveAge) } else { (false, limits.negativeAge) }
        records[lookup.host] = NameRecord(
            answer: answer,
            expires: now + age,
            hasAnswered: lookup.hasAnswered || hasAddress && !isSlow,
            slowLookups: isSlow ? (records[lookup.host]?.slowLookups ?? 0) + 1 : 0
        )
        return waiting.removeValue(forKey: lookup.host).map { Array($0.waiters.values) } ?? []
    }

    mutating func threadWaits() { idleThreads += 1 }

    mutating func threadWakes() { idleThreads -= 1 }

    /// The thread that was to come could not be started.
    mutating func threadMissing() { threads -= 1 }

    var hasThreads: Bool { threads > 0 }

    /// Takes back the names that no thread will look up.
    mutating func abandonAll() -> [Waiter] {
        let all = waiting.values.flatMap(\.waiters.values)
        waiting = [:]
        proven = []
        untried = DomainQueue()
        slow = DomainQueue()
        return all
    }

    private mutating func enqueue(_ host: String, _ standing: Standing) {
        switch standing {
        case .proven: proven.append(host)
        case .untried: untried.append(host, domain: RegistrableDomain.of(host))
        case .slow: slow.append(host, domain: RegistrableDomain.of(host))
        }
    }

    private mutating func nextName() -> (String, Standing)? {
        if let host = proven.popFirst() { return (host, .proven) }
        guard unprovenRunning < limits.threadsForUnprovenNames else { return nil }
        let (running, most) = (runningByDomain, limits.threadsPerDomain)
        if let host = untried.popFirst(where: { running[$0, default: 0] < most }) { return (host, .untried) }
        guard slowRunning < limits.threadsForSlowNames else { return nil }
        return slow.popFirst { running[$0, default: 0] < most }.map { ($0, .slow) }
    }

    private mutating func makeRoom(now: MonotonicTime) {
        guard records.count >= limits.cachedNames else { return }
        // Slow names are remembered longest: forgotten, they would be tried first.
        records = records.filter { now < $0.value.expires || $0.value.standing == .slow }
        if records.count >= limits.cachedNames { records.removeAll(keepingCapacity: true) }
    }
}
