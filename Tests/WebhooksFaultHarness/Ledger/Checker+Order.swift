extension Checker {
    /// Rows are in the order of acceptance, as far as it could be seen from outside, and ordered subscriptions are served in
    /// the order of rows.
    func ordered() -> [Violation] {
        let rows = Dictionary(uniqueKeysWithValues: record.events.enumerated().map { ($1, $0) })
        return acceptances(rows) + batches(rows) + promises.filter(\.isOrdered).flatMap { sequence(of: $0, rows) }
    }

    /// Compares rows with acknowledgements: what was acknowledged before another emit had begun has the earlier row.
    private func acceptances(_ rows: [String: Int]) -> [Violation] {
        let known = history.emits.compactMap { id, emit in rows[id].map { (id: id, emit: emit, row: $0) } }
        let begun = known.sorted { $0.emit.startedAt < $1.emit.startedAt }
        let ended = known.filter { $0.emit.acknowledgedAt != nil }
            .sorted { $0.emit.acknowledgedAt ?? .zero < $1.emit.acknowledgedAt ?? .zero }
        var found: [Violation] = []
        var next = 0
        var last: (id: String, row: Int)?
        for item in begun {
            while next < ended.count, let at = ended[next].emit.acknowledgedAt, at < item.emit.startedAt {
                if ended[next].row > last?.row ?? -1 { last = (ended[next].id, ended[next].row) }
                next += 1
            }
            if let last, last.row > item.row {
                found.append(
                    Violation(
                        .disordered,
                        "\(last.id) was acknowledged before \(item.id) was emitted, and comes after it"
                    )
                )
            }
        }
        return found
    }

    /// A batch's lines are accepted in their order.
    private func batches(_ rows: [String: Int]) -> [Violation] {
        var lines: [String: [(line: Int, row: Int)]] = [:]
        for (id, emit) in history.emits {
            guard let place = emit.batch, let row = rows[id] else { continue }
            lines[place.batch, default: []].append((place.line, row))
        }
        return lines.compactMap { batch, lines in
            let rows = lines.sorted { $0.line < $1.line }.map(\.row)
            let inversions = zip(rows, rows.dropFirst()).count { $0 > $1 }
            guard inversions > 0 else { return nil }
            return Violation(
                .disordered,
                "batch \(batch): \(inversions) of \(rows.count) lines come before the one above"
            )
        }
    }

    /// All requests for an event come before the first one for an event accepted later.
    private func sequence(of promise: Promise, _ rows: [String: Int]) -> [Violation] {
        var found: [Violation] = []
        var last: (event: String, row: Int)?
        for request in history.requests where request.subscription == promise.name {
            // Tests go past the queue, and what was sent again on purpose has a later delivery.
            guard let row = rows[request.event], let emit = history.emits[request.event], !emit.mayBeRetriggered,
                emit.topic != Topic.later
            else { continue }
            if let last, row < last.row {
                found.append(
                    Violation(.disordered, "\(promise.name) got \(request.event) after \(last.event), accepted later")
                )
            } else {
                last = (request.event, row)
            }
        }
        return found
    }
}
