internal import WebhookCore

/// Tracks whether the store takes what it is given, how long to wait before it is asked again, and what of it is worth
/// saying.
///
/// ```
/// well ──failed──▶ failing ──what had failed is durable──▶ well
///                     │ ▲
///                     └─┘ failed (the wait doubled, up to five seconds)
/// ```
///
/// Where nothing is left of what had failed, such as an emit whose caller was told, a write is tried that changes nothing: else an
/// idle dispatcher would never learn that its store works again.
///
/// That a part of a full disk's work succeeds, such as a read, mends nothing. What fails again soon after it worked goes on
/// where it was: with the longer wait, and without a word before its time.
struct StoreTrouble {
    /// The kinds of work that a transaction does, by how much of it there may be.
    struct Work: OptionSet {
        let rawValue: Int

        static let results = Work(rawValue: 1)
        static let fanOuts = Work(rawValue: 2)
        static let claims = Work(rawValue: 4)
        static let changes = Work(rawValue: 8)
        /// Never put back: who emits is told.
        static let acceptances = Work(rawValue: 16)
        static let reads = Work(rawValue: 32)
        /// The rounds in which leases are renewed, beside transactions.
        static let leases = Work(rawValue: 64)

        /// All that transactions do.
        static let transactions: Work = [.writes, .reads]
        static let writes: Work = [.results, .fanOuts, .claims, .changes, .acceptances]
    }

    static let firstWait: Duration = .milliseconds(100)
    static let longestWait: Duration = .seconds(5)
    /// The time after a failure from which any success counts, although not all that failed has been tried again; and the
    /// time after a recovery from which a failure is a new one.
    static let calm: Duration = .seconds(10)
    /// The time between two reports of a trouble that lasts.
    static let reminder: Duration = .seconds(60)

    private(set) var isFailing = false
    /// True where the store may work again, and a transaction has to show it. Rounds of leases show it themselves.
    var needsTransaction: Bool { isFailing && (needsWrite || !missing.isDisjoint(with: .transactions)) }
    private var nextWait = firstWait
    /// The kinds of work that have failed and have not succeeded since.
    private var missing: Work = []
    private var needsWrite = false
    private var lastFailure: Timestamp?
    private var lastRecovery: Timestamp?
    private var saidAt: Timestamp?
    /// The time at which it began, where it was said and its end was not.
    private var saidSince: Timestamp?

    /// A transaction failed.
    ///
    /// - Returns: how long to wait, and how to say it.
    mutating func failed(_ work: Work, now: Timestamp) -> (wait: Duration, occasion: EngineNotice.StoreFailure) {
        let occasion = noted(work, now: now)
        defer { nextWait = min(nextWait * 2, Self.longestWait) }
        return (nextWait, occasion)
    }

    /// Work failed, or has no answer: who asked knows when to ask again.
    ///
    /// - Returns: how to say it.
    mutating func noted(_ work: Work, now: Timestamp) -> EngineNotice.StoreFailure {
        if !isFailing, lastRecovery.map({ now >= $0 + Self.calm }) ?? true {
            nextWait = Self.firstWait
            // Said to be over, and a new one begins.
            if saidSince == nil { saidAt = nil }
        }
        isFailing = true
        lastFailure = now
        missing.formUnion(work.subtracting(.acceptances))
        needsWrite = needsWrite || !work.isDisjoint(with: .writes)
        guard saidAt.map({ now >= $0 + Self.reminder }) ?? true else { return .again }
        saidAt = now
        let since = saidSince
        saidSince = since ?? now
        return since.map { .reminder(since: $0) } ?? .first
    }

    /// A transaction succeeded.
    ///
    /// - Returns: whether to say that the store works again.
    mutating func succeeded(_ work: Work, now: Timestamp) -> Bool {
        guard isFailing else { return false }
        missing.subtract(work)
        if !work.isDisjoint(with: .writes) { needsWrite = false }
        let isLongAgo = lastFailure.map { now >= $0 + Self.calm } ?? true
        guard !needsWrite, missing.isEmpty || isLongAgo else { return false }
        (isFailing, missing, lastRecovery) = (false, [], now)
        defer { saidSince = nil }
        return saidSince != nil
    }
}
