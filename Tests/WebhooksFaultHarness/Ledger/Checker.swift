/// Compares what was seen with what is on record and with what is promised. Decides; has no effects.
struct Checker {
    let promises: [Promise]
    let history: History
    let record: Record

    /// Each broken promise; empty where all were kept.
    func violations() -> [Violation] {
        history.findings + delivered() + requested() + ordered() + paced() + flowing() + settled() + hosted()
            + commanded()
            + grown()
    }

    struct Key: Hashable, CustomStringConvertible {
        var subscription: String
        var event: String
        var description: String { "\(event) to \(subscription)" }
    }

    /// Acknowledged ⊆ received, where that is promised; and each of a matching subscription's events is on record.
    private func delivered() -> [Violation] {
        let received = Set(history.requests.map { Key(subscription: $0.subscription, event: $0.event) })
        let onRecord = Dictionary(grouping: record.deliveries) { Key(subscription: $0.subscription, event: $0.event) }
        let events = Set(record.events)
        var found: [Violation] = []
        for (id, emit) in history.emits where emit.acknowledgedAt != nil {
            guard events.contains(id) else {
                found.append(Violation(.lost, "\(id) was acknowledged and is not in the store"))
                continue
            }
            guard !emit.mayBeCancelled else { continue }
            for promise in promises where promise.delivers && promise.topics.contains(emit.topic) {
                let key = Key(subscription: promise.name, event: id)
                guard let deliveries = onRecord[key] else {
                    found.append(Violation(.lost, "\(key) has no delivery on record"))
                    continue
                }
                if deliveries.allSatisfy({ $0.mode == "retry" }) {
                    if !received.contains(key) {
                        found.append(Violation(.lost, "\(key) was acknowledged and never received"))
                    } else if !deliveries.contains(where: { $0.state == "delivered" }) {
                        let states = deliveries.map(\.state).joined(separator: ", ")
                        found.append(Violation(.lost, "\(key) ended as \(states)"))
                    }
                }
            }
        }
        return found
    }

    /// Received ≤ attempts on record; single-shot at most once; delivered ⊆ accepted; the same bytes each time.
    private func requested() -> [Violation] {
        var attempts: [Key: Int] = [:]
        var singleShots: [Key: Int] = [:]
        for delivery in record.deliveries {
            let key = Key(subscription: delivery.subscription, event: delivery.event)
            attempts[key, default: 0] += delivery.attempts
            if delivery.mode == "single-shot" { singleShots[key, default: 0] += 1 }
        }
        let requests = Dictionary(grouping: history.requests) { Key(subscription: $0.subscription, event: $0.event) }
        var found: [Violation] = []
        for (key, requests) in requests {
            if requests.count > attempts[key] ?? 0 {
                found.append(
                    Violation(
                        .unrecorded,
                        "\(key): \(requests.count) requests, \(attempts[key] ?? 0) attempts on record"
                    )
                )
            }
            if let limit = singleShots[key], requests.count > limit {
                found.append(
                    Violation(.doubled, "\(key): \(requests.count) requests for \(limit) single-shot deliveries")
                )
            }
            if Set(requests.compactMap(\.digest)).count > 1 {
                found.append(Violation(.altered, "\(key): not the same bytes each time"))
            }
            if requests.contains(where: { !$0.isOwnBody }) {
                found.append(Violation(.altered, "\(key): the body of another event"))
            }
        }
        for delivery in record.deliveries where delivery.state == "delivered" {
            let key = Key(subscription: delivery.subscription, event: delivery.event)
            guard promises.contains(where: { $0.name == delivery.subscription }) else { continue }
            if !(requests[key] ?? []).contains(where: \.isAccepted) {
                found.append(
                    Violation(.untrue, "\(key) (\(delivery.id)) is delivered on record and was never accepted")
                )
            }
        }
        return found
    }

    private func settled() -> [Violation] {
        let settling = Set(promises.filter(\.settles).map(\.name))
        let open = record.deliveries.filter { $0.isOpen && settling.contains($0.subscription) }.map {
            Violation(.open, "\($0.id), \($0.event) to \($0.subscription), is still \($0.state)")
        }
        let ends = Dictionary(
            uniqueKeysWithValues: promises.compactMap { promise in promise.ends.map { (promise.name, $0) } }
        )
        // Of the events of this round: `test` sends examples of its own.
        let others = record.deliveries.filter {
            !$0.isOpen && !(ends[$0.subscription]?.contains($0.state) ?? true) && history.emits[$0.event] != nil
        }.map {
            Violation(.untrue, "\($0.id), \($0.event) to \($0.subscription), ended as \($0.state)")
        }
        let accepted = history.refused.intersection(record.events).map {
            Violation(.untrue, "\($0) is in the store, and its batch was refused")
        }
        return open + others + accepted
    }

    /// A host's row exists if and only if its event does.
    private func hosted() -> [Violation] {
        let events = Set(record.events)
        let appended = Set(record.events.filter { $0.hasPrefix(HostProcess.idPrefix) })
        let torn = record.hostRows.subtracting(events).map { "the host's row \($0) has no event" }
        let alone = appended.subtracting(record.hostRows).map { "\($0) has no row of the host's" }
        let gone = history.hostCommits.subtracting(record.hostRows).map {
            "the host's row \($0) was committed and is gone"
        }
        return (torn + alone + gone).map { Violation(.damaged, $0) }
    }
}
