#if PostgreSQL
    internal import WebhookCore

    /// A batch on its way through a transaction, and its result.
    ///
    /// Everything but what is seldom goes into one pipeline: arrays for attempts, acceptances, fan-outs and claims, so that a
    /// batch of two hundred takes as many statements as one of two.
    final class BatchRun {
        private(set) var batch: StoreBatch
        let names: SubscriptionRowCache
        let clock: any WebhookClock
        let locks: [Parameter]
        var result = StoreBatchResult()
        /// The part of it that its node may not decide.
        private(set) var fence = LeaseFence()
        /// Acceptances (indices) of ids that are there already.
        private var repeated: [Int] = []
        /// The damage that reads have found, and nobody has given up yet.
        var damage: [Damage] = []
        /// Deliveries that are damaged and can't be given up: they are left out.
        var unreadable: Set<Int64> = []
        /// Events (rows) likewise.
        var leftOut: Set<Int64> = []
        /// The transactions that were inserting deliveries at earlier looks, and an id below all that each may have taken; `nil`:
        /// nobody has looked yet.
        var earlierInserters: [String: Int64]?
        /// The same of those that were inserting when it read the highest.
        var inserters: [String: Int64]?
        /// The id above which it has looked.
        var lookedAbove: Int64 = 0

        enum Damage {
            case delivery(Int64, reason: String)
            case event(Int64, reason: String)
        }

        /// - Parameter locks: the keys of the lock of those that insert deliveries.
        init(_ batch: StoreBatch, names: SubscriptionRowCache, clock: any WebhookClock, locks: [Parameter]) {
            self.batch = batch
            self.names = names
            self.clock = clock
            self.locks = locks
        }

        /// Tells whether it inserts deliveries.
        static func inserts(_ batch: StoreBatch) -> Bool {
            !batch.fanOuts.isEmpty || batch.acceptances.contains { !($0.deliveries?.deliveries.isEmpty ?? true) }
        }

        /// The subscriptions that it names: all, and those whose rows it needs.
        static func subscriptions(of batch: StoreBatch) -> (all: Set<String>, needed: Set<String>) {
            let new = batch.fanOuts.map(\.deliveries) + batch.acceptances.compactMap(\.deliveries)
            var needed = Set(new.flatMap(\.deliveries).map(\.subscription))
            needed.formUnion(batch.health.map(\.subscription))
            needed.formUnion(batch.resumptions.map(\.subscription))
            let all = needed.union(batch.openCancellations.map(\.subscription))
            return (all.union(batch.reads.refills.map(\.subscription)), needed)
        }

        // MARK: Writes

        /// Tells whether something has to be found out before everything else is added.
        var hasChecks: Bool { batch.node != nil || batch.subscriptionsVersion != nil }

        /// Checks have found something, and the batch was written as if they would not: it is to be run again, checks first.
        struct NeedsChecks: Error {}

        /// Finds out whether events were matched by subscriptions that are not the store's any more: then they wait.
        ///
        /// - Parameter isFirst: whether everything else is added when it is done.
        func addVersionCheck(to pipeline: inout Pipeline, isFirst: Bool) {
            guard let known = batch.subscriptionsVersion else { return }
            pipeline.add(SubscriptionWriter.highestVersion) { [self] rows in
                let version = rows.first?.int64(0) ?? 0
                guard version != known else { return }
                guard isFirst else { throw NeedsChecks() }
                batch = batch.unmatched(version, &result)
            }
        }

        /// Keeps the batch's node alive, and finds out what it doesn't hold.
        ///
        /// - Parameter isFirst: whether everything else is added when it is done.
        func addFence(to pipeline: inout Pipeline, isFirst: Bool) {
            guard let node = batch.node else { return }
            LeaseFence.add(for: node, batch, to: &pipeline) { [self] fence in
                guard !fence.unheld.isEmpty else { return }
                guard isFirst else { throw NeedsChecks() }
                self.fence = fence
                result.unheld = fence.unheld
                batch.reads.acquired.removeAll(where: fence.stops)
                for index in batch.acceptances.indices {
                    batch.acceptances[index].deliveries = batch.acceptances[index].deliveries.map(fence.withoutClaims)
                }
                for index in batch.fanOuts.indices {
                    batch.fanOuts[index].deliveries = fence.withoutClaims(batch.fanOuts[index].deliveries)
                }
            }
        }

        /// Adds everything that the batch changes, in the order of its members.
        func addWrites(to pipeline: inout Pipeline) {
            addPlaces(to: &pipeline)
            result.results = Array(repeating: .refused, count: batch.results.count)
            for wave in Waves.of(batch.results, key: \.delivery, size: { $0.attempt.responseBody.count }) {
                AttemptRows.record(wave.map { batch.results[$0] }, in: &pipeline) { [self] outcomes in
                    for (index, outcome) in zip(wave, outcomes) { result.results[index] = outcome }
                }
            }
            result.settlements = Array(repeating: false, count: batch.settlements.count)
            for (index, settlement) in batch.settlements.enumerated() {
                DeliveryUpdates.settle(settlement, in: &pipeline) { [self] in result.settlements[index] = $0 }
            }
            for health in batch.health { add(health, to: &pipeline) }
            for resumption in batch.resumptions { add(resumption, to: &pipeline) }
            result.acceptances = Array(repeating: .duplicate(event: 0), count: batch.acceptances.count)
            for wave in Waves.of(batch.acceptances, size: Self.size) {
                EventRows.accept(wave.map { batch.acceptances[$0] }, names: names, in: &pipeline) { [self] outcomes in
                    for (index, outcome) in zip(wave, outcomes) {
                        if let outcome { result.acceptances[index] = outcome } else { repeated.append(index) }
                    }
                }
            }
            result.fanOuts += Array(repeating: .refused, count: batch.fanOuts.count)
            for wave in Waves.of(batch.fanOuts, key: \.event, size: { $0.deliveries.size }) {
                EventRows.fanOut(wave.map { batch.fanOuts[$0] }, names: names, in: &pipeline) { [self] outcomes in
                    for (index, outcome) in zip(wave, outcomes) { result.fanOuts[index] = outcome }
                }
            }
            result.openCancellations = Array(repeating: 0, count: batch.openCancellations.count)
            for (index, cancellation) in batch.openCancellations.enumerated() {
                guard let subscription = names[cancellation.subscription], !fence.stops(cancellation.subscription)
                else { continue }
                DeliveryUpdates.cancelOpen(cancellation, of: subscription, in: &pipeline) { [self] in
                    result.openCancellations[index] = $0
                }
            }
            result.setAsides = Array(
                repeating: SetAsideResult(event: nil, isSetAside: false),
                count: batch.setAsides.count
            )
            for (index, setAside) in batch.setAsides.enumerated() {
                PendingRows.setAside(setAside, in: &pipeline) { [self] in result.setAsides[index] = $0 }
            }
            result.claims = Array(repeating: .refused, count: batch.claims.count)
            let claims = batch.claims.indices.filter { !fence.stops(batch.claims[$0]) }
            for wave in Waves.of(claims, key: { [batch] in batch.claims[$0].delivery }, size: { _ in 0 }) {
                let indices = wave.map { claims[$0] }
                AttemptRows.claim(indices.map { batch.claims[$0] }, in: &pipeline) { [self] outcomes in
                    for (index, outcome) in zip(indices, outcomes) { result.claims[index] = outcome }
                }
            }
        }

        /// Events whose time has come take their places before anything new does.
        func addPlaces(to pipeline: inout Pipeline) {
            guard batch.reads.pendingEvents > 0 || !batch.reads.takeovers.isEmpty else { return }
            pipeline.add(PendingRows.placeDue, [.int8(batch.reads.pendingEventsDueBy.milliseconds)])
        }

        func add(_ health: SubscriptionHealth, to pipeline: inout Pipeline) {
            guard let row = names[health.subscription], !fence.stops(health.subscription) else { return }
            let update = HealthRow.update(health, row: row)
            pipeline.add(update.statement, update.parameters)
        }

        func add(_ resumption: Resumption, to pipeline: inout Pipeline) {
            guard let row = names[resumption.subscription], !fence.stops(resumption.subscription) else { return }
            let update = HealthRow.resume(resumption.paused, row: row, at: resumption.at)
            pipeline.add(update.statement, update.parameters)
        }

        private static func size(_ acceptance: Acceptance) -> Int {
            acceptance.event.data.count + (acceptance.deliveries?.size ?? 0)
        }

        // MARK: What follows from the results

        /// Does what has to look at the results of the pipeline first.
        func finish(_ connection: PostgresConnection) throws {
            try compareRepeated(connection)
            try giveUpDamaged(connection)
            try readAfterInserters(connection)
        }

        private func compareRepeated(_ connection: PostgresConnection) throws {
            guard !repeated.isEmpty else { return }
            let outcomes = try Self.compare(repeated.map { batch.acceptances[$0].event }, connection)
            for (index, outcome) in zip(repeated, outcomes) { result.acceptances[index] = outcome }
            repeated = []
        }

        /// The results of storing events again: duplicates or conflicts.
        static func compare(_ events: [Event], _ connection: PostgresConnection) throws -> [AcceptanceResult] {
            let known = try EventRow.known(events.map(\.id), connection)
            return events.map { event in
                guard let (row, stored) = known[event.id] else {
                    // Whether it is the same can't be told any more.
                    return .refused(reason: "the event of this id that is stored is damaged, or was just deleted")
                }
                let differences = stored.differences(from: event)
                return differences.isEmpty ? .duplicate(event: row) : .conflict(differences: differences)
            }
        }
    }

    /// Members that one statement can take: each row once, and not too many bytes.
    enum Waves {
        /// The most bytes of one statement: an array of the server's may have 1 GB.
        private static let mostBytes = 64 << 20

        /// - Returns: indices, in order.
        static func of<Member, Key: Hashable>(
            _ members: [Member],
            key: (Member) -> Key,
            size: (Member) -> Int,
            isApart: (Member, _ isFirst: Bool) -> Bool = { _, _ in true }
        ) -> [[Int]] {
            var waves: [[Int]] = []
            var wave: [Int] = []
            var keys: Set<Key> = []
            var bytes = 0
            for (index, member) in members.enumerated() {
                let count = size(member)
                let isFull = !wave.isEmpty && bytes + count > mostBytes
                if keys.contains(key(member)) || isFull || !isApart(member, wave.isEmpty) {
                    waves.append(wave)
                    (wave, keys, bytes) = ([], [], 0)
                    _ = isApart(member, true)
                }
                wave.append(index)
                keys.insert(key(member))
                bytes += count
            }
            return wave.isEmpty ? waves : waves + [wave]
        }

        /// - Returns: indices of acceptances, in order. Those of a wave have different ids, and where they are messages neither
        ///   the same request nor the same eventId.
        static func of(_ acceptances: [Acceptance], size: (Acceptance) -> Int) -> [[Int]] {
            guard acceptances.contains(where: { $0.event.message != nil }) else {
                return of(acceptances, key: \.event.id, size: size)
            }
            var keys: Set<ByteString> = []
            return of(acceptances, key: \.event.id, size: size) { acceptance, isFirst in
                if isFirst { keys = [] }
                let own = MessageRows.keys(of: acceptance)
                guard keys.isDisjoint(with: own) else { return false }
                keys.formUnion(own)
                return true
            }
        }
    }

    extension NewDeliveries {
        /// The bytes of its bodies.
        fileprivate var size: Int { bodies.reduce(0) { $0 + $1.count } }
    }
#endif
