internal import Logging
internal import WebhookCore
internal import WebhooksSQLite

/// Follows the free room on a store's disk, for a dispatcher that has nothing to record and would not notice.
struct SpaceWatch {
    /// With less, in bytes, no transaction can be relied on: SQLite's smallest takes some pages of log.
    static let least: Int64 = 1 << 20
    /// The room beyond ``StatusRules/leastFree`` from which it is enough again: nobody is told twice of what wavers.
    static let margin: Int64 = 16 << 20

    enum State: Int, Comparable {
        case enough, low, full

        static func < (one: State, other: State) -> Bool { one.rawValue < other.rawValue }
    }

    private(set) var state = State.enough

    /// - Parameter free: bytes; `nil`: nobody knows.
    /// - Returns: the new state, where that is another.
    mutating func look(_ free: Int64?) -> State? {
        guard let free else { return nil }
        var found: State = free < Self.least ? .full : free < StatusRules.leastFree ? .low : .enough
        if state != .enough, found == .enough, free < StatusRules.leastFree + Self.margin { found = .low }
        guard found != state else { return nil }
        state = found
        return found
    }
}

extension WebhookDispatcher {
    /// Looks once at the room on the store's disk, and says where that has changed. A database server looks after its own.
    func lookAtSpace(of session: DeliverySession, _ watch: inout SpaceWatch) {
        guard let store = session.store as? SQLiteStore else { return }
        let free = store.freeSpace().map(Int64.init)
        let before = watch.state
        guard let found = watch.look(free), let free else { return }
        state.withLock { $0.isDiskFull = found == .full }
        let text = StoreStatus.freeText(free, store.path)
        switch found {
        case .full:
            logger.error(
                "no room is left on the store's disk: nothing can be recorded, so nothing is sent",
                metadata: ["free": "\(text)"]
            )
        case .low where before == .full:
            logger.warning("there is some room on the store's disk again", metadata: ["free": "\(text)"])
        case .low: logger.warning("little room is left on the store's disk: make some", metadata: ["free": "\(text)"])
        case .enough: logger.notice("there is room on the store's disk again", metadata: ["free": "\(text)"])
        }
    }
}
