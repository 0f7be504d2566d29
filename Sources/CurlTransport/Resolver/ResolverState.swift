internal import WebhookCore

/// What a pool of lookup threads knows and does next: names in, names to look up and answers out. Time is an argument.
struct ResolverState<Waiter: Sendable>: Sendable {
    typealias Answer = Result<[IPAddress], ResolutionError>

    /// What to do with a request.
    enum Admission {
        case answer(Answer)
        /// Wait; a new thread is wanted where `needsThread`.
        case wait(needsThread: Bool)
    }

    private struct Cached {
        var answer: Answer
        var expires: MonotonicTime
        /// Whether the name ever had an address.
        var isProven: Bool
    }

    private let limits: ResolverLimits
    private var cache: [String: Cached] = [:]
    private var waiting: [String: [UInt64: Waiter]] = [:]
    private var proven = NameQueue()
    private var unproven = NameQueue()
    private var threads = 0
    private var idleThreads = 0
    private var unprovenRunning = 0

    init(limits: ResolverLimits) {
        self.limits = limits
    }

    /// A caller wants a name's addresses.
    mutating func request(_ host: String, ticket: UInt64, waiter: Waiter, now: MonotonicTime) -> Admission {
        let cached = cache[host]
        if let cached, now < cached.expires { return .answer(cached.answer) }
        if waiting[host] != nil {
            waiting[host]?[ticket] = waiter
            return .wait(needsThread: false)
        }
        guard proven.count + unproven.count < limits.queuedNames else { return .answer(.failure(.busy)) }
        waiting[host] = [ticket: waiter]
        if cached?.isProven == true { proven.append(host) } else { unproven.append(host) }
        guard proven.count + unproven.count > idleThreads, threads < limits.threads else {
            return .wait(needsThread: false)
        }
        threads += 1
        return .wait(needsThread: true)
    }

    /// A caller's time is up. The lookup goes on, for those who join it later.
    mutating func giveUp(_ host: String, ticket: UInt64) -> Waiter? {
        waiting[host]?.removeValue(forKey: ticket)
    }

    /// A thread is free: the name it takes up, names with a record of answers first; `nil`: it waits.
    mutating func nextName() -> (host: String, isProven: Bool)? {
        while let host = proven.popFirst() {
            if isWanted(host) { return (host, true) }
        }
        while unprovenRunning < limits.threadsForUnprovenNames, let host = unproven.popFirst() {
            guard isWanted(host) else { continue }
            unprovenRunning += 1
            return (host, false)
        }
        return nil
    }

    /// Whether somebody still waits for a queued name; it is forgotten otherwise.
    private mutating func isWanted(_ host: String) -> Bool {
        if waiting[host]?.isEmpty == false { return true }
        waiting[host] = nil
        return false
    }

    mutating func threadWaits() { idleThreads += 1 }

    mutating func threadWakes() { idleThreads -= 1 }

    /// The thread that was to come could not be started.
    mutating func threadMissing() { threads -= 1 }

    var hasThreads: Bool { threads > 0 }

    /// Takes back a name that no thread will look up.
    mutating func abandonAll() -> [Waiter] {
        let all = waiting.values.flatMap(\.values)
        waiting = [:]
        proven = NameQueue()
        unproven = NameQueue()
        return all
    }

    /// A lookup ended: those who still wait for it.
    mutating func finish(_ host: String, isProven: Bool, answer: Answer, now: MonotonicTime) -> [Waiter] {
        if !isProven { unprovenRunning -= 1 }
        makeRoom(now: now)
        switch answer {
        case .success:
            cache[host] = Cached(answer: answer, expires: now + limits.positiveAge, isProven: true)
        case .failure:
            // Silence costs a thread for seconds; a name that fell silent is no better than an unknown one.
            cache[host] = Cached(answer: answer, expires: now + limits.negativeAge, isProven: false)
        }
        return waiting.removeValue(forKey: host).map { Array($0.values) } ?? []
    }

    private mutating func makeRoom(now: MonotonicTime) {
        guard cache.count >= limits.cachedNames else { return }
        cache = cache.filter { now < $0.value.expires }
        if cache.count >= limits.cachedNames { cache.removeAll(keepingCapacity: true) }
    }
}
