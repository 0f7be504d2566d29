internal import GRDB
internal import WebhookCore

/// The ids between which rows lie, both ends left out.
struct IDRange {
    var above: Int64 = 0
    var below: Int64 = .max

    var isEmpty: Bool { above >= below - 1 }

    func above(_ id: Int64) -> IDRange { IDRange(above: max(above, id), below: below) }

    func below(_ id: Int64) -> IDRange { IDRange(above: above, below: min(below, id)) }

    /// Between which ids the listed rows of some time lie: not all that lie there are of that time.
    ///
    /// Ids follow the clock but for its steps back, between which the moments are searched by halves.
    /// - Parameters:
    ///   - isEvent: of events, or else of deliveries.
    ///   - mark: up to where rows are listed.
    static func listed(
        _ db: Database,
        isEvent: Bool,
        since: Timestamp?,
        until: Timestamp?,
        mark: Int64
    ) throws -> IDRange {
        let whole = IDRange(above: 0, below: mark + 1)
        if since == nil && until == nil { return whole }
        let table = isEvent ? "webhooks_events" : "webhooks_deliveries"
        let probe = try RawStatement(
            db,
            "SELECT id, created_at FROM \(table) NOT INDEXED WHERE id >= ? AND id < ? ORDER BY id LIMIT 1"
        )
        var starts = [Int64(0)]
        let steps = try RawStatement(db, "SELECT id FROM webhooks_clock_steps WHERE of_event = ? ORDER BY id")
        try steps.bind(isEvent)
        while try steps.next() { starts.append(steps.int64(0)) }
        var range: IDRange?
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1] : mark + 1
            // Within the tolerance, a row may be earlier than one before it.
            let low = try since.map {
                try first(probe, from: start, to: end, at: $0.milliseconds - Listing.clockTolerance)
            }
            let high = try until.map {
                try first(probe, from: start, to: end, at: $0.milliseconds + Listing.clockTolerance)
            }
            let found = IDRange(above: (low ?? start) - 1, below: high ?? end)
            guard !found.isEmpty else { continue }
            range = IDRange(above: min(range?.above ?? .max, found.above), below: max(range?.below ?? 0, found.below))
        }
        return range ?? IDRange(above: 0, below: 0)
    }

    /// The first id at which rows are of a moment or later; the end where none is.
    private static func first(_ probe: RawStatement, from start: Int64, to end: Int64, at moment: Int64) throws -> Int64
    {
        var (low, high) = (start, end)
        while low < high {
            let middle = low + (high - low) / 2
            try probe.bind(middle)
            try probe.bind(high)
            // No row from the middle on: as if it were too late.
            guard try probe.next() else {
                high = middle
                continue
            }
            let (id, found) = (probe.int64(0), probe.int64(1))
            probe.reset()
            if found >= moment { high = middle } else { low = id + 1 }
        }
        return low
    }
}
