internal import WebhookCore

/// The state of a queue in the configuration, which decides whether it may be sent to.
enum QueueService {
    /// ──left the file, or enabled: false──▶ parked
    case serving
    /// Came with a reload: nothing is sent before its health was read. ──read──▶ serving, ──left──▶ parked
    case awaitingHealth
    /// Not in the configuration any more, or `enabled: false`: kept, not sent. ──back──▶ serving or awaitingHealth
    case parked(knowsHealth: Bool)

    init(isEnabled: Bool, knowsHealth: Bool) {
        self = isEnabled ? (knowsHealth ? .serving : .awaitingHealth) : .parked(knowsHealth: knowsHealth)
    }

    var isServing: Bool { if case .serving = self { true } else { false } }
    var isParked: Bool { if case .parked = self { true } else { false } }

    var awaitsHealth: Bool {
        switch self {
        case .serving, .parked(knowsHealth: true): false
        case .awaitingHealth, .parked(knowsHealth: false): true
        }
    }

    mutating func park() { self = .parked(knowsHealth: !awaitsHealth) }

    mutating func unpark() { self = awaitsHealth ? .awaitingHealth : .serving }

    /// Sends nothing before what the store remembers was read: another may have written it since.
    mutating func awaitHealth() { self = isParked ? .parked(knowsHealth: false) : .awaitingHealth }

    /// Notes that what the store remembers was read.
    mutating func healthWasRead() { self = isParked ? .parked(knowsHealth: true) : .serving }
}
