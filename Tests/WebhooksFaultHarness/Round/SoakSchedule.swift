/// The division of the time asked for: each round has a storm and a settlement, and the last one settles in time.
struct SoakSchedule: Sendable {
    let length: Duration
    /// The longest storm of a round.
    let longest: Duration
    /// True when one round has all of it.
    let isSingle: Bool
    /// The time for settling beside the work that a storm leaves.
    private static let base = Duration.seconds(10)
    private static let shortest = Duration.seconds(3)
    /// The time for settling for each second of a storm: a guess at first, then the most that was measured.
    private var share = 0.5
    private var hasMeasured = false

    init(length: Duration, longest: Duration, isSingle: Bool = false) {
        self.length = length
        self.longest = longest
        self.isSingle = isSingle
    }

    /// The time at which a round that hasn't settled is given up: soon after the time asked for.
    var limit: Duration { length + max(.seconds(90), length / 10) }

    /// The next round's storm; `nil` where its settlement would not end in time. A first round there is always.
    ///
    /// - Parameter elapsed: how much of the time has gone by.
    func storm(elapsed: Duration, isFirst: Bool) -> Duration? {
        if isSingle { return isFirst ? min(longest, length) : nil }
        // Of a short run each kind of round gets its share.
        let turn = length / RoundPlan.Kind.allCases.count
        let storm = min(longest, fitting(turn), fitting(length - elapsed))
        return storm >= Self.shortest ? storm : isFirst ? Self.shortest : nil
    }

    /// The storm of a round that takes so long in all.
    private func fitting(_ round: Duration) -> Duration { (round - Self.base) / (1 + share) }

    /// Takes down what a round took.
    mutating func note(storm: Duration, settlement: Duration) {
        let measured = max(0, (settlement - Self.base) / storm)
        share = hasMeasured ? max(share, measured) : measured
        hasMeasured = true
    }
}
