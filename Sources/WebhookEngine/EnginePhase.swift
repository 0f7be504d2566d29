/// The phase of an engine's life.
enum EnginePhase {
    /// Nothing is known of the store. ──its first reads──▶ running, ──drain──▶ draining
    case starting
    /// ──drain──▶ draining
    case running
    /// No new attempts begin; what is under way goes on record.
    case draining(hasStarted: Bool)
    /// Nothing goes into the store any more. The last, from each of the others.
    case abandoned

    /// True when the store was read.
    var hasStarted: Bool {
        switch self {
        case .starting: false
        case .running, .abandoned: true
        case .draining(let hasStarted): hasStarted
        }
    }

    /// True when new attempts may begin.
    var begins: Bool { if case .running = self { true } else { false } }

    /// True when no new attempts begin any more.
    var isDraining: Bool {
        switch self {
        case .starting, .running: false
        case .draining, .abandoned: true
        }
    }

    var isAbandoned: Bool { if case .abandoned = self { true } else { false } }

    /// The store was read.
    ///
    /// - Returns: whether that was the first time.
    mutating func start() -> Bool {
        switch self {
        case .starting: self = .running
        case .draining(hasStarted: false): self = .draining(hasStarted: true)
        default: return false
        }
        return true
    }

    mutating func drain() {
        switch self {
        case .starting: self = .draining(hasStarted: false)
        case .running: self = .draining(hasStarted: true)
        case .draining, .abandoned: break
        }
    }
}
