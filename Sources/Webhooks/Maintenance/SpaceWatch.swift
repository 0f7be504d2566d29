internal import Logging
internal import WebhookCore
internal import WebhooksSQLite

/// Follows the free room on a store's disk, for a dispatcher that has nothing to record and would not notice.
struct SpaceWatch {
    /// With less, in bytes, a write is tried: the store's log may have room of its own, so that nothing else tells.
    static let least = Int64(SQLiteStore.leastRoom)
    /// The room beyond ``StatusRules/leastFree`` from which it is enough again: nobody is told twice of what wavers.
    static let margin: Int64 = 16 << 20

    enum State: Int, Comparable {
        case enough, low, full

        static func < (one: State, other: State) -> Bool { one.rawValue < other.rawValue }
    }

    private(set) var state = State.enough
    /// The room at the last trial, which took some of it; `nil`: there was enough since.
    private var tried: Int64?

    /// Tells whether a write should be tried: at first, then as half of the room has gone, and on a full disk every time.
    func wantsTrial(_ free: Int64?) -> Bool {
        guard let free, free < Self.least else { return false }
        return state == .full || tried.map { free < $0 / 2 } ?? true
    }

    /// - Parameters:
    ///   - free: bytes; `nil`: nobody knows.
    ///   - isRefused: whether a write that was tried found no room; `nil`: none was tried, or it tells nothing.
    /// - Returns: the new state, where that is another.
    mutating func look(_ free: Int64?, isRefused: Bool? = nil) -> State? {
        guard let free else { return nil }
        if isRefused != nil || free >= Self.least { tried = free < Self.least ? free : nil }
        var found: State = free < StatusRules.leastFree ? .low : .enough
        if free < Self.least, isRefused ?? (state == .full) { found = .full }
        if state != .enough, found == .enough, free < StatusRules.leastFree + Self.margin { found = .low }
        guard found != state else { return nil }
        state = found
        return found
    }
}

extension WebhookDispatcher {
    /// Looks once at the room on the store's disk, and says where that has changed. A database server looks after its own.
    func lookAtSpace(of session: DeliverySession, _ watch: inout SpaceWatch) async {
        guard let store = session.store as? SQLiteStore else { return }
        let free = store.freeSpace().map(Int64.init)
        var refusal: StoreError?
        var isRefused: Bool?
        if watch.wantsTrial(free) {
            let trial = await BlockingWork.value(within: .seconds(2)) { await store.tryWriting() }
            if case .failure(let error)? = trial, error.code == .full { refusal = error }
            // Another error is the engine's to tell.
            isRefused = trial.map { _ in refusal != nil }
        }
        let before = watch.state
        let found = watch.look(free, isRefused: isRefused)
        // A commit that had room since may have said that there is some, and the next finds none.
        if isRefused != nil || found != nil { note(diskFull: refusal, session) }
        guard let found, let free else { return }
        let metadata: Logger.Metadata = ["free": "\(SizeText.short(free))", "store": "\(store.path)"]
        switch found {
        case .full:
            logger.error(
                "no room is left on the store's disk: nothing can be recorded, so nothing is sent",
                metadata: metadata
            )
        case .low where before == .full:
            logger.warning("there is some room on the store's disk again", metadata: metadata)
        case .low: logger.warning("little room is left on the store's disk: make some", metadata: metadata)
        case .enough: logger.notice("there is room on the store's disk again", metadata: metadata)
        }
    }

    /// A write that was tried has found no room, or does again (`nil`): said wherever a commit that failed is.
    private func note(diskFull refusal: StoreError?, _ session: DeliverySession) {
        let (wasFull, trouble) = state.withLock { state in
            defer { state.isDiskFull = refusal != nil }
            return (state.isDiskFull, state.failure ?? state.storeTrouble ?? refusal)
        }
        guard wasFull != (refusal != nil) else { return }
        session.lock.note(trouble: trouble)
        if let refusal { metrics?.failed(refusal) } else if trouble == nil { metrics?.storeWorks() }
    }
}
