package import WebhookCore

/// Decides which subscriptions a node serves: the regular rounds with the store, and what follows from them.
///
/// A value without I/O. Every input leaves what is to be done in ``takeActions()``; ``node`` and ``until`` say under which term
/// the engine claims, and until when it may begin attempts.
///
/// ```
/// (another's) ──acquired──▶ serving ──another should have it, gone, drain──▶ draining ──drained──▶ releasing ──round──▶ (free)
///                              │                                               │
///                              └──────────── the term is over ─────────────────┴──▶ lost ──drained──▶ (another's)
/// ```
package struct LeaseKeeper: Sendable {
    private enum Tenure {
        case serving
        /// The engine is to end what is under way; the lease is held until then.
        case draining
        /// Drained, and to be released by the next round.
        case releasing
        /// The lease is another's, or nobody's; the engine still ends what was under way.
        case lost
    }

    private let settings: Settings
    /// The node's record, with its term.
    private var record: NodeRecord
    private var isRegistered = false
    /// Terms before this one whose rows may still stand.
    private var pastTerms: [NodeID] = []
    /// The time until which attempts may begin, on the monotonic clock; `nil`: no lease is known to be held.
    package private(set) var until: Timestamp?
    private var tenures: [String: Tenure] = [:]
    /// The number of those that are draining or releasing.
    private var moving = 0
    /// The subscriptions that the configuration has, enabled.
    private var known: Set<String> = []
    /// The same in order.
    private var knownInOrder: [String] = []
    /// True when the subscriptions are to be shared out again.
    private var isUnshared = true
    /// The nodes that know the same, this one included.
    private var sharers: Rendezvous
    /// The subscriptions of ``known`` that this node should have, and doesn't. The first are asked for first.
    private var wanted: [String] = []
    /// Asked for in a round whose answer was lost.
    private var doubtful: Set<String> = []
    private var others: [LivingNode] = []
    /// Nodes that the first round has found, until they renew or are gone: they may have ended.
    private var unproven: [NodeID: Timestamp]?
    private var disagreeing: Set<String> = []
    /// The number of subscriptions that were served when it was last told.
    private var told = 0
    /// The round that is under way, and when it was begun.
    private var underWay: (round: LeaseRound, at: Timestamp)?
    private var nextAt: Timestamp?
    /// The time of the next look for what nobody serves; `nil`: no round has ended yet.
    private var nextLookAt: Timestamp?
    private var stage = Stage.running
    private var actions = LeaseActions()

    /// - Parameter record: with the first term's id.
    package init(_ record: NodeRecord, settings: Settings = Settings()) {
        self.record = record
        self.settings = settings
        sharers = Rendezvous([record.id.process])
    }

    /// The term under which the engine claims.
    package var node: NodeID { record.id }

    /// Notes, for the node's record, how long what is due longest has been waiting.
    package mutating func report(lag: Duration?) { record.lag = lag }

    /// The number of subscriptions that are served.
    package var serving: Int { tenures.values.count { $0 == .serving } }

    /// Tells whether a subscription is served.
    package func serves(_ name: String) -> Bool { tenures[name] == .serving }

    /// `true` where it serves its share and no node that ended without a word may hold something: what is due is known then.
    package var hasItsShare: Bool {
        guard isRegistered, unproven?.isEmpty == true, actions.serve.isEmpty else { return false }
        return !disagreeing.isEmpty || wanted.allSatisfy { tenures[$0] != nil }
    }

    /// The time at which to call ``tick(at:)`` at the latest, on the monotonic clock; `nil`: a round is under way, or
    /// all is over.
    package var wakeAt: Timestamp? { underWay == nil ? nextAt : nil }

    /// True when the last round has ended.
    package var isOver: Bool { stage == .over }

    /// Hands out what is to be done, and empties the list.
    package mutating func takeActions() -> LeaseActions {
        defer { actions = LeaseActions() }
        return actions
    }

    // MARK: - Inputs

    /// Takes over a configuration.
    ///
    /// - Parameters:
    ///   - names: of the subscriptions that it enables.
    ///   - hash: of the whole: nodes with the same know the same.
    package mutating func configure(_ names: [String], hash: String, now: Timestamp) {
        known = Set(names)
        knownInOrder = known.sorted()
        if record.configuration != hash { (record.configuration, record.configuredAt) = (hash, now) }
        isUnshared = true
        shareOut()
        hurry(now: now)
    }

    /// A time that was asked for has come.
    package mutating func tick(now: Timestamp) {
        guard underWay == nil, stage != .over, let nextAt, nextAt <= now else { return }
        beginRound(now: now)
    }

    /// Another node has joined, left or released something, as far as is known.
    package mutating func wake(now: Timestamp) { hurry(now: now) }

    /// A round has ended.
    package mutating func ended(_ result: Result<LeaseRoundResult, StoreError>, now: Timestamp) {
        guard let (round, begunAt) = underWay else { return }
        underWay = nil
        if round.leaves {
            stage = .over
            // News of others may have come meanwhile: nothing follows from that any more.
            nextAt = nil
            return
        }
        switch result {
        case .failure:
            doubtful.formUnion(round.acquires)
            nextAt = now + settings.haste
        case .success(let answer):
            doubtful.subtract(round.acquires)
            doubtful.subtract(round.releases)
            pastTerms.removeAll { past in
                round.ends.contains(past) && !answer.nodes.contains { $0.record.id == past }
            }
            if answer.stands {
                isRegistered = true
                until = stage == .leaving ? nil : begunAt + settings.length - settings.margin
                for name in round.releases where tenures[name] == .releasing { forget(name) }
                take(answer.acquired)
            } else {
                endTerm()
            }
            learn(answer.nodes)
            shareOut()
            nextAt = nextRound(after: answer, now: now)
            lookForAbandoned(now: now)
            tellServing()
        }
        beginTermIfDrained(now: now)
        if stage == .leaving { hurry(now: now) }
    }

    /// Nothing of these subscriptions is under way in the engine any more, and it has let go of them.
    package mutating func drained(_ names: [String], now: Timestamp) {
        for name in names {
            switch tenures[name] {
            case .draining: tenures[name] = .releasing
            case .lost:
                tenures[name] = nil
                want(name)
            case .serving, .releasing, nil: continue
            }
            hurry(now: now)
        }
        beginTermIfDrained(now: now)
    }

    /// Drains everything where the store may not have what the node believes (a transaction's outcome is unknown, or one
    /// was fenced off), and goes on under a new term, whose beginning settles what was in flight.
    package mutating func distrust(now: Timestamp) {
        guard stage == .running else { return }
        stage = .distrusting
        stopAll()
        beginTermIfDrained(now: now)
    }

    /// The dispatcher is to end: everything is handed over, one after the other as it drains.
    package mutating func drain(now: Timestamp) {
        guard stage == .running || stage == .distrusting else { return }
        stage = .draining
        stopAll()
        hurry(now: now)
    }

    /// The engine is drained, or ends without that: the node leaves with the next round.
    package mutating func leave(now: Timestamp) {
        guard stage != .leaving, stage != .over else { return }
        stage = .leaving
        until = nil
        hurry(now: now)
    }
}

// MARK: - Rounds

extension LeaseKeeper {
    private mutating func hurry(now: Timestamp) {
        guard stage != .over else { return }
        nextAt = nextAt.map { min($0, now) } ?? now
    }

    private mutating func beginRound(now: Timestamp) {
        record.subscriptions = serving
        var round = LeaseRound(node: record, length: settings.length)
        round.ends = pastTerms
        round.registers = !isRegistered
        if stage == .leaving {
            round.leaves = true
        } else {
            round.releases = tenures.filter { $0.value == .releasing }.map(\.key).sorted()
            round.acquires = nextAcquisitions()
            let asked = Set(round.acquires)
            round.releases += doubtful.filter { tenures[$0] == nil && !asked.contains($0) }.sorted()
        }
        underWay = (round, now)
        nextAt = nil
        actions.round = round
    }

    /// The subscriptions to ask for. The ones that may be held already come first. The others take turns: what another
    /// holds stands in nobody's way.
    private mutating func nextAcquisitions() -> [String] {
        guard stage == .running else { return [] }
        wanted.removeAll { tenures[$0] != nil }
        let asked = Array(wanted.filter(doubtful.contains).prefix(settings.mostMoves))
        var rest: [String] = []
        for name in wanted where !doubtful.contains(name) && asked.count + rest.count < settings.mostMoves {
            rest.append(name)
        }
        let all = asked + rest
        if all.count < wanted.count {
            let first = Set(all)
            wanted = wanted.filter { !first.contains($0) } + all
        }
        return all
    }

    private func nextRound(after answer: LeaseRoundResult, now: Timestamp) -> Timestamp {
        let hasMore = !answer.stands || tenures.values.contains(.releasing)
        // What the store had for the asking, there may be more of.
        if hasMore || (!answer.acquired.isEmpty && wanted.contains { tenures[$0] == nil }) {
            return now + min(settings.haste, .milliseconds(50))
        }
        let isWaiting = !pastTerms.isEmpty || isUnshared || wanted.contains { tenures[$0] == nil }
        var wait = isWaiting ? settings.haste : settings.pace
        // Whoever doesn't renew is found dead as soon as it may be.
        for node in others { wait = min(wait, max(.milliseconds(50), node.expiresIn + .milliseconds(20))) }
        return now + wait
    }
}

// MARK: - Leases

extension LeaseKeeper {
    private mutating func take(_ acquired: [String]) {
        for name in acquired where tenures[name] == nil {
            // It may have left the configuration meanwhile.
            guard stage == .running, known.contains(name) else {
                tenures[name] = .releasing
                moving += 1
                continue
            }
            tenures[name] = .serving
            actions.serve.append(name)
        }
        actions.serve.sort()
    }

    private mutating func forget(_ name: String) {
        switch tenures.removeValue(forKey: name) {
        case .draining, .releasing: moving -= 1
        case .serving, .lost, nil: break
        }
        want(name)
    }

    private mutating func want(_ name: String) {
        if known.contains(name), sharers.owner(of: name) == record.id.process { wanted.append(name) }
    }

    private mutating func stop(_ name: String) {
        guard tenures[name] == .serving else { return }
        moving += 1
        // The engine has not heard of it: told of both at once, it would serve what is being handed over.
        if let position = actions.serve.firstIndex(of: name) {
            actions.serve.remove(at: position)
            tenures[name] = .releasing
            return
        }
        tenures[name] = .draining
        actions.stop.append(name)
    }

    private mutating func stopAll() {
        for name in tenures.keys.sorted() { stop(name) }
    }

    /// The store has declared the node dead: nothing is held any more.
    private mutating func endTerm() {
        for name in actions.serve { tenures[name] = nil }
        actions.serve = []
        let served = tenures.filter { $0.value == .serving }.map(\.key).sorted()
        actions.stop += served
        if !tenures.isEmpty { actions.notices.append(.lost(subscriptions: served.count)) }
        told = 0
        tenures = tenures.compactMapValues { $0 == .releasing ? nil : .lost }
        moving = 0
        nextTerm()
        if stage == .distrusting { stage = .running }
        isUnshared = true
    }

    private mutating func nextTerm() {
        pastTerms.append(record.id)
        record.id = record.id.next
        isRegistered = false
        until = nil
        doubtful = []
    }

    /// Whatever the last term has under way in the store ends with its row; what it had in flight is found by the next one,
    /// as after a crash.
    private mutating func beginTermIfDrained(now: Timestamp) {
        // A round that is under way belongs to the last term.
        guard stage == .distrusting, underWay == nil,
            tenures.values.allSatisfy({ $0 == .releasing || $0 == .lost })
        else { return }
        stage = .running
        tenures = tenures.filter { $0.value == .lost }
        moving = 0
        nextTerm()
        isUnshared = true
        shareOut()
        hurry(now: now)
    }

    private mutating func learn(_ nodes: [LivingNode]) {
        others = nodes.filter { $0.record.id.process != record.id.process }
        let heartbeats = Dictionary(others.map { ($0.record.id, $0.heartbeatAt) }) { first, _ in first }
        unproven = unproven.map { $0.filter { heartbeats[$0.key] == $0.value } } ?? heartbeats
        let disagreeing = Set(others.filter { $0.record.configuration != record.configuration }.map(\.record.host))
        if disagreeing != self.disagreeing {
            self.disagreeing = disagreeing
            actions.notices.append(.disagreement(hosts: disagreeing.sorted()))
        }
    }

    /// One node looks for all: the first of those that are alive. Where two believe to be that, both find the same.
    private mutating func lookForAbandoned(now: Timestamp) {
        let at = nextLookAt ?? now + settings.patience
        nextLookAt = now < at ? at : now + settings.patience
        guard now >= at, stage == .running else { return }
        actions.looksForAbandoned = others.allSatisfy { record.id.process < $0.record.id.process }
    }

    private mutating func tellServing() {
        let count = serving
        guard count != told else { return }
        told = count
        actions.notices.append(.serves(subscriptions: count, of: known.count))
    }

    /// Works out what this node should have, asks for what it lacks, and hands over what another should have.
    ///
    /// Only a node with the same configuration gets anything: one with another may not know it.
    private mutating func shareOut() {
        let same = others.filter { $0.record.configuration == record.configuration }
        let own = record.id.process
        let now = Rendezvous(same.map(\.record.id.process) + [own])
        guard isUnshared || now != sharers else { return }
        sharers = now
        isUnshared = false
        for name in tenures.keys.sorted() where !known.contains(name) { stop(name) }
        wanted = []
        guard stage == .running else { return }
        for name in knownInOrder {
            let isOwn = sharers.owner(of: name) == own
            if isOwn, tenures[name] == nil {
                wanted.append(name)
            } else if !isOwn, tenures[name] == .serving {
                if moving < settings.mostMoves { stop(name) } else { isUnshared = true }
            }
        }
    }
}
