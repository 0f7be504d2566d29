internal import WebhookEngine

/// Decides what a service manager is told, in the protocol of sd_notify(3): assignments, one a line. `nil`: nothing new.
struct ServiceState {
    /// Figures for the line that `systemctl status` shows.
    struct Figures: Hashable {
        /// The number of subscriptions that are enabled.
        var subscriptions = 0
        /// Attempts under way.
        var underWay = 0
        /// Deliveries in memory, those under way included.
        var queued = 0
        var delivered = 0
        var failed = 0
        var unknown = 0

        var text: String {
            "\(subscriptions) enabled; \(underWay) under way, \(queued) queued; since the start \(delivered) delivered, "
                + "\(failed) failed, \(unknown) unknown"
        }
    }

    private enum Phase {
        /// The configuration is loaded, or a command's lock is waited for. Exits: standby, delivering, stopping.
        case starting
        /// Another dispatcher delivers. Exits: delivering, stopping.
        case standby
        /// Exits: stopping; standby or delivering where it runs again.
        case delivering
        /// Nothing is told any more but the end's status.
        case stopping
    }

    private var phase = Phase.starting
    private var isReloading = false
    private var status = ""
    /// The reason why the store takes no records, in a word.
    private var trouble: String?
    /// Problems of the configuration that was refused last; 0: the newest is in force.
    private var refused = 0
    private var figures = Figures()
    /// The time at which the last sign of life was given (monotonic).
    private var lastSign: Duration?
    /// The time between two signs of life.
    let interval: Duration

    init(interval: Duration) { self.interval = interval }

    /// The time that a start is allowed beyond now, while it waits for a command's lock.
    private static let extensionTime: Duration = .seconds(60)

    mutating func loads() -> String? { message(status: "loading the configuration") }

    /// The store's lock is held. A standby counts as started: a manager would wait for it in vain.
    mutating func waits(isStandby: Bool, at now: Duration) -> String? {
        guard phase != .stopping else { return nil }
        let isNew = isStandby && phase != .standby
        if isNew { phase = .standby }
        guard isNew || lastSign.map({ now - $0 >= interval }) ?? true else { return nil }
        lastSign = now
        guard isStandby else {
            let microseconds = Self.extensionTime.components.seconds * 1_000_000
            return message(["EXTEND_TIMEOUT_USEC=\(microseconds)"], status: "waiting for a command to end")
        }
        return message(isNew ? ["READY=1"] : ["WATCHDOG=1"], status: "standby: another dispatcher delivers")
    }

    mutating func delivers(_ figures: Figures) -> String? {
        guard phase != .stopping else { return nil }
        phase = .delivering
        self.figures = figures
        // Also after a standby's: it has one meaning, and does no harm.
        return message(isReloading ? [] : ["READY=1"], status: line)
    }

    /// - Parameter now: of the clock CLOCK_MONOTONIC.
    mutating func reloadBegins(at now: Duration) -> String? {
        guard phase == .delivering, !isReloading else { return nil }
        isReloading = true
        let microseconds = now.components.seconds * 1_000_000 + now.components.attoseconds / 1_000_000_000_000
        return message(["RELOADING=1", "MONOTONIC_USEC=\(microseconds)"], status: "reloading the configuration")
    }

    /// - Parameter problems: those for which the new configuration is refused.
    mutating func reloadEnds(problems: Int) -> String? {
        refused = problems
        guard isReloading else { return nil }
        isReloading = false
        return phase == .delivering ? message(["READY=1"], status: line) : nil
    }

    mutating func stops(underWay: Int) -> String? {
        guard phase != .stopping else { return nil }
        phase = .stopping
        return message(["STOPPING=1"], status: "stopping; \(underWay) under way")
    }

    /// An attempt's whole way works.
    mutating func isAlive(_ figures: Figures, watched: Bool) -> String? {
        self.figures = figures
        // While it stops, the manager's time limit for that holds.
        guard phase != .stopping else { return nil }
        return message(watched ? ["WATCHDOG=1"] : [], status: isReloading ? status : line)
    }

    /// A part hasn't answered for a while. Whether that is the end decides the manager, by what it is not told.
    mutating func isSilent(_ part: EnginePing.Part, for time: Duration) -> String? {
        guard phase == .delivering else { return nil }
        return message(status: "no sign of life from the \(part) for \(time.components.seconds) s")
    }

    mutating func note(trouble: String?) -> String? {
        self.trouble = trouble
        return phase == .delivering && !isReloading ? message(status: line) : nil
    }

    private var line: String {
        var parts: [String] = []
        if let trouble { parts.append("nothing can be recorded (\(trouble))") }
        if refused > 0 {
            parts.append("the changed configuration is refused, the one before is in force")
        }
        return (parts + [figures.text]).joined(separator: "; ")
    }

    private mutating func message(_ assignments: [String] = [], status new: String) -> String? {
        var lines = assignments
        if new != status { lines.append("STATUS=\(new.replacing("\n", with: " "))") }
        status = new
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }
}
