internal import Synchronization

/// The connections that are open, and which of them makes room where there are too many.
///
/// One that waits for its other side may be closed: first those that have shown no token that is known, then the others, and of
/// either the one that has waited longest.
final class Connections: Sendable {
    /// A way to a connection from any thread.
    struct Handle: Sendable {
        let close: @Sendable () -> Void
        /// Lets it end after the request that is under way, if any.
        var quiesce: @Sendable () -> Void = {}
        /// Asks for the body of the request that is being read.
        let proceed: @Sendable () -> Void
    }

    private struct Entry {
        let handle: Handle
        var isKnown = false
        /// Its place in line while it waits for its other side.
        var turn: Int?
        /// The bytes of its answer that the other side has not taken yet.
        var bytes = 0
        var isClosing = false
    }

    private struct State {
        var entries: [ObjectIdentifier: Entry] = [:]
        var closing = 0
        var bytes = 0
        var turns = 0
        var isEnding = false
        /// Is told once none is left.
        var waiting: CheckedContinuation<Void, Never>?
        var strangers = WaitingLine()
        var known = WaitingLine()

        mutating func wait(_ id: ObjectIdentifier) {
            guard var entry = entries[id], !entry.isClosing else { return }
            turns += 1
            entry.turn = turns
            entries[id] = entry
            let isCurrent = { [entries] (place: WaitingLine.Place) in entries[place.id]?.turn == place.turn }
            if entry.isKnown {
                known.append(.init(id: id, turn: turns), most: 2 * entries.count + 64, isCurrent)
            } else {
                strangers.append(.init(id: id, turn: turns), most: 2 * entries.count + 64, isCurrent)
            }
        }

        /// The one to be closed first of those that have a trait.
        mutating func leaver(_ fits: (Entry) -> Bool) -> Handle? {
            func isFit(_ place: WaitingLine.Place) -> WaitingLine.Fit {
                guard let entry = entries[place.id], entry.turn == place.turn else { return .gone }
                return fits(entry) ? .fit : .other
            }
            guard let id = strangers.first(isFit) ?? known.first(isFit), var entry = entries[id] else { return nil }
            (entry.isClosing, entry.turn) = (true, nil)
            entries[id] = entry
            closing += 1
            return entry.handle
        }
    }

    private let state = Mutex(State())
    private let most: Int
    private let mostBytes: Int

    /// - Parameters:
    ///   - limit: the most connections; a few places of them are kept free.
    ///   - bytes: the most bytes of answers that nobody takes.
    init(limit: Int, bytes: Int) {
        most = limit - max(1, min(64, limit / 16))
        mostBytes = bytes
    }

    func opened(_ id: ObjectIdentifier, _ handle: Handle) {
        let (leaver, isEnding) = state.withLock { state -> (Handle?, Bool) in
            state.entries[id] = Entry(handle: handle)
            state.wait(id)
            guard state.entries.count - state.closing > most else { return (nil, state.isEnding) }
            return (state.leaver { _ in true }, state.isEnding)
        }
        leaver?.close()
        if isEnding { handle.quiesce() }
    }

    /// Lets each end after the request that is under way, also those that come.
    func quiesce() {
        let handles = state.withLock { state in
            state.isEnding = true
            return state.entries.values.map(\.handle)
        }
        for handle in handles { handle.quiesce() }
    }

    /// Closes all.
    func close() {
        let handles = state.withLock { $0.entries.values.map(\.handle) }
        for handle in handles { handle.close() }
    }

    /// Returns once none is left. To be called once, when none comes any more.
    func emptied() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.entries.isEmpty { state.waiting = continuation }
                return state.entries.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }

    func closed(_ id: ObjectIdentifier) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let entry = state.entries.removeValue(forKey: id) else { return nil }
            state.bytes -= entry.bytes
            if entry.isClosing { state.closing -= 1 }
            guard state.entries.isEmpty else { return nil }
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    /// Notes that a connection waits for its other side from now on.
    func waits(_ id: ObjectIdentifier) { state.withLock { $0.wait(id) } }

    /// Notes that its other side waits for us: it is not closed.
    func works(_ id: ObjectIdentifier) { state.withLock { $0.entries[id]?.turn = nil } }

    /// Notes that a token was shown that is known.
    func knows(_ id: ObjectIdentifier) {
        state.withLock { state in
            guard let entry = state.entries[id], !entry.isKnown else { return }
            state.entries[id]?.isKnown = true
            if entry.turn != nil { state.wait(id) }
        }
    }

    /// Counts bytes of an answer that are to be taken, or have been where it is negative.
    func holds(_ id: ObjectIdentifier, bytes: Int) {
        let leavers = state.withLock { state -> [Handle] in
            guard state.entries[id] != nil else { return [] }
            state.entries[id]?.bytes += bytes
            state.bytes += bytes
            var leavers: [Handle] = []
            var left = state.bytes
            while bytes > 0, left > mostBytes {
                var freed = 0
                let leaver = state.leaver { entry in
                    freed = entry.bytes
                    return entry.bytes > 0
                }
                guard let leaver else { break }
                left -= freed
                leavers.append(leaver)
            }
            return leavers
        }
        for leaver in leavers { leaver.close() }
    }

    /// Asks for the body of the request that a connection is reading.
    func proceed(_ id: ObjectIdentifier) { state.withLock { $0.entries[id]?.handle }?.proceed() }

    /// The bytes of answers that nobody has taken yet.
    var heldBytes: Int { state.withLock(\.bytes) }
}

/// Connections in the order in which they began to wait. Who goes leaves a gap, which is closed now and then.
struct WaitingLine {
    struct Place {
        let id: ObjectIdentifier
        let turn: Int
    }

    enum Fit {
        case fit, other, gone
    }

    private var places: [Place] = []
    private var start = 0

    /// - Parameters:
    ///   - most: the length at which gaps are closed.
    ///   - isCurrent: whether a place is none of the gaps.
    mutating func append(_ place: Place, most: Int, _ isCurrent: (Place) -> Bool) {
        if places.count >= most {
            places = places[start...].filter(isCurrent)
            start = 0
        }
        places.append(place)
    }

    /// The first that fits.
    mutating func first(_ fit: (Place) -> Fit) -> ObjectIdentifier? {
        var isFront = true
        for index in places.indices[start...] {
            switch fit(places[index]) {
            case .fit: return places[index].id
            case .gone: if isFront { start = index + 1 }
            case .other: isFront = false
            }
        }
        return nil
    }
}
