internal import Dispatch
internal import Synchronization
internal import WebhookCore

/// Bounds the log's lines of one kind: what comes by the thousand is counted, not repeated.
struct LineBudget {
    static let period: Duration = .seconds(10)

    /// Lines in a period, where nothing else is said.
    static let lines = 20
    private let limit: Int
    private var left: Int
    private var suppressed = 0
    private var renewedAt: Timestamp?

    init(lines: Int = Self.lines) { (limit, left) = (lines, lines) }

    /// Asks for a line.
    ///
    /// - Returns: how many were left out since the last one, or `nil` where this one is left out too.
    mutating func take(at now: Timestamp) -> Int? {
        // A clock that was put back renews it as well.
        if renewedAt.map({ now < $0 || now >= $0 + Self.period }) ?? true {
            (left, renewedAt) = (limit, now)
        }
        guard left > 0 else {
            suppressed += 1
            return nil
        }
        left -= 1
        return takeSuppressed()
    }

    /// How many were left out and not told of, which they are now.
    mutating func takeSuppressed() -> Int {
        defer { suppressed = 0 }
        return suppressed
    }
}

/// A budget for each kind of line.
final class LineBudgets: Sendable {
    private struct Kind {
        var budget: LineBudget
        /// Somebody will tell what was left out.
        var hasTeller = false
    }

    private let lines: Int
    private let kinds = Mutex<[String: Kind]>([:])

    init(lines: Int = LineBudget.lines) { self.lines = lines }

    /// Asks for a line.
    ///
    /// - Parameter tell: called a period later, where lines were left out since, with how many: what comes last is told,
    ///   too. `nil`: the next line of the kind tells.
    /// - Returns: how many were left out before this one, or `nil` where this one is left out too.
    func take(_ kind: String, orTell tell: (@Sendable (Int) -> Void)? = nil) -> Int? {
        let (suppressed, needsTeller) = kinds.withLock { kinds -> (Int?, Bool) in
            let taken = kinds[kind, default: Kind(budget: LineBudget(lines: lines))].budget.take(at: .now)
            guard taken == nil, tell != nil, kinds[kind]?.hasTeller == false else { return (taken, false) }
            kinds[kind]?.hasTeller = true
            return (taken, true)
        }
        if needsTeller, let tell {
            let seconds = Int(LineBudget.period.components.seconds)
            DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + .seconds(seconds)) { [self] in
                let count = drain(kind)
                if count > 0 { tell(count) }
            }
        }
        return suppressed
    }

    /// How many lines of a kind were left out and not told of, which they are now.
    func drain(_ kind: String) -> Int {
        kinds.withLock { kinds in
            kinds[kind]?.hasTeller = false
            return kinds[kind]?.budget.takeSuppressed() ?? 0
        }
    }
}
