import Testing
import WebhookCore

@testable import WebhooksSQLite

/// However much of the log is in its indexes, a search finds what reading everything finds.
@Suite("Searching the log")
struct SearchTests {
    let folder: TemporaryFolder
    let store: SQLiteStore

    static let topics = ["course.created", "user.created", "user.deleted"]
    static let names = ["a", "b", "c"]

    init() throws {
        folder = try TemporaryFolder()
        store = try SQLiteStore.open(path: folder.file(), role: .dispatcher)
    }

    /// Stores deliveries in every state, of several subscriptions, topics and tenants, with a clock that is put back
    /// now and then; some change after they were indexed.
    private func fill(_ count: Int, indexing batchSize: Int) async throws {
        var clock: Int64 = 1_000_000
        var claimed: [Delivery.ID] = []
        for index in 0..<count {
            clock += index % 37 == 36 ? -500_000 : index % 5 == 4 ? -3_000 : 4_000
            let instant = Timestamp(milliseconds: clock)
            var event = Event.sample("e\(index)")
            event.topic = Self.topics[index * 7 % 3]
            event.tenant = index % 4 == 0 ? nil : "t\(index % 3)"
            event.isTest = index % 11 == 0
            let starts: [NewDelivery.Start] = [
                .pending(dueAt: instant), .claimed(at: instant), .settled(.cancelled, .disabled, detail: nil),
                .settled(.failed, .template, detail: nil), .claimed(at: instant), .claimed(at: instant),
            ]
            var batch = StoreBatch()
            let new = NewDelivery(
                subscription: Self.names[index * 5 % 3],
                mode: .retry,
                body: 0,
                contentType: .json,
                start: starts[index % starts.count]
            )
            let deliveries = NewDeliveries(bodies: ["{}"], deliveries: index % 13 == 0 ? [] : [new])
            batch.acceptances = [Acceptance(event: event, createdAt: instant, deliveries: deliveries)]
            batch.results = claimed.prefix(index % 3).map { result(of: $0, at: instant) }
            claimed.removeFirst(batch.results.count)
            let response = try await store.commit(batch).get()
            if case .stored(_, let ids)? = response.acceptances.first, index % 6 == 1 || index % 6 > 3 {
                claimed += ids
            }
            if batchSize > 0, index % batchSize == batchSize - 1 { try await store.indexNewRows(batchSize: batchSize) }
        }
    }

    private func result(of id: Delivery.ID, at instant: Timestamp) -> AttemptWrite {
        var attempt = Attempt(number: 1, startedAt: instant, url: "http://x", requestHeaders: [], requestBody: .empty)
        attempt.finishedAt = instant
        attempt.outcome = .succeeded
        let next: AttemptWrite.Next =
            switch id.rawValue % 4 {
            case 0: .settled(.unknown)
            case 1: .waiting(until: instant)
            default: .settled(.delivered)
            }
        return AttemptWrite(delivery: id, attempt: attempt, uncountedAttempts: 0, interruptions: 0, next: next)
    }

    @Test("Deliveries, by every filter and several", arguments: [0, 1, 7, 50])
    func deliveries(indexing batchSize: Int) async throws {
        try await fill(150, indexing: batchSize)
        var everything = DeliveryQuery()
        everything.limit = 1_000
        let all = try await store.deliveries(everything)
        #expect(all.count > 130 && all.map(\.id) == all.map(\.id).sorted(by: >))
        #expect(Set(all.map(\.state)) == Set(DeliveryState.allCases))
        for query in queries(all) {
            let expected = all.filter { matches($0, query) }.map(\.id)
            var paged: [Delivery.ID] = []
            var query = query
            while true {
                let page = try await store.deliveries(query)
                paged += page.map(\.id)
                guard let last = page.last else { break }
                query.after = last.id
            }
            #expect(paged == expected, "\(query)")
        }
        #expect(try await store.integrityProblems() == [])
    }

    private func queries(_ all: [Delivery]) -> [DeliveryQuery] {
        var queries: [DeliveryQuery] = []
        func add(_ change: (inout DeliveryQuery) -> Void) {
            for limit in [3, 1_000] {
                var query = DeliveryQuery()
                query.limit = limit
                change(&query)
                queries.append(query)
            }
        }
        for state in DeliveryState.allCases {
            add { $0.states = [state] }
            add { ($0.states, $0.subscription) = ([state, .failed], "b") }
            add { ($0.states, $0.topics) = ([state], ["user.created", "user.deleted"]) }
        }
        for name in Self.names + ["nobody"] { add { $0.subscription = name } }
        for topic in Self.topics + ["no.such"] { add { $0.topics = [topic] } }
        for tenant in ["t0", "t1", "nobody"] { add { $0.tenant = tenant } }
        add { ($0.tenant, $0.topics, $0.isTest) = ("t2", ["course.created"], false) }
        add { $0.isTest = true }
        add { $0.isTest = false }
        for delivery in stride(from: 0, to: all.count, by: 17).map({ all[$0] }) {
            add { $0.since = delivery.createdAt }
            add { $0.until = delivery.createdAt }
            add { ($0.since, $0.until) = (delivery.createdAt - .seconds(20), delivery.createdAt + .seconds(9)) }
            add { ($0.until, $0.subscription) = (delivery.createdAt, "a") }
            add { $0.events = [delivery.event, "e1"] }
        }
        return queries
    }

    private func matches(_ delivery: Delivery, _ query: DeliveryQuery) -> Bool {
        (query.states.isEmpty || query.states.contains(delivery.state))
            && (query.subscription ?? delivery.subscription) == delivery.subscription
            && (query.topics.isEmpty || query.topics.contains(delivery.topic))
            && (query.tenant == nil || query.tenant == delivery.tenant)
            && (query.isTest ?? delivery.isTest) == delivery.isTest
            && (query.since.map { $0 <= delivery.createdAt } ?? true)
            && (query.until.map { delivery.createdAt < $0 } ?? true)
            && (query.events.isEmpty || query.events.contains(delivery.event))
    }

    @Test("Events, by every filter", arguments: [0, 1, 7, 50])
    func events(indexing batchSize: Int) async throws {
        try await fill(150, indexing: batchSize)
        var everything = EventQuery()
        everything.limit = 1_000
        let all = try await store.events(everything)
        #expect(all.map(\.id) == (0..<150).reversed().map { "e\($0)" })
        func check(_ change: (inout EventQuery) -> Void, _ condition: (LoggedEvent) -> Bool) async throws {
            var query = EventQuery()
            query.limit = 4
            change(&query)
            var paged: [String] = []
            while true {
                let page = try await store.events(query)
                paged += page.map(\.id)
                guard let last = page.last else { break }
                query.after = last.id
            }
            #expect(paged == all.filter(condition).map(\.id), "\(query)")
        }
        for topic in Self.topics {
            try await check {
                $0.topics = [topic]
            } _: {
                $0.topic == topic
            }
        }
        try await check {
            $0.topics = ["user.created", "user.deleted"]
        } _: {
            $0.topic.hasPrefix("user.")
        }
        try await check {
            $0.tenant = "t1"
        } _: {
            $0.tenant == "t1"
        }
        try await check {
            $0.isTest = true
        } _: {
            $0.isTest
        }
        try await check {
            $0.ids = ["e3", "e90"]
        } _: {
            ["e3", "e90"].contains($0.id)
        }
        for event in stride(from: 0, to: all.count, by: 17).map({ all[$0] }) {
            try await check {
                $0.since = event.createdAt
            } _: {
                $0.createdAt >= event.createdAt
            }
            try await check {
                $0.until = event.createdAt
            } _: {
                $0.createdAt < event.createdAt
            }
        }
    }

    @Test("Statistics are the same before and after", arguments: [1, 7])
    func statistics(indexing batchSize: Int) async throws {
        try await fill(150, indexing: 0)
        let before = try await store.statistics()
        #expect(before.map(\.subscription) == Self.names)
        #expect(before.contains { $0.count(.delivered) > 0 })
        while try await store.indexNewRows(batchSize: batchSize).indexed > 0 {}
        #expect(try await store.statistics() == before)
    }

    @Test("What is pruned leaves nothing in the indexes", arguments: [0, 1, 7])
    func prunes(indexing batchSize: Int) async throws {
        try await fill(150, indexing: batchSize)
        let end = Timestamp(milliseconds: 100_000_000)
        while !(try await store.prune(olderThan: end, limit: 9).isEmpty) {}
        #expect(try await store.integrityProblems() == [])
        var everything = DeliveryQuery()
        everything.limit = 1_000
        let rest = try await store.deliveries(everything)
        #expect(!rest.isEmpty && rest.allSatisfy { !$0.state.isSettled })
        let words = try await store.reader.read {
            try PreparedStatement($0, "SELECT DISTINCT id FROM webhooks_terms WHERE kind > 1").rows
        }
        #expect(Set(words).isSubset(of: rest.map(\.id.rawValue)))
        let events = try await store.events(EventQuery())
        #expect(Set(events.map(\.id)) == Set(rest.map(\.event)))
    }
}

extension PreparedStatement {
    /// The first column of all rows.
    var rows: [Int64] {
        get throws {
            var rows: [Int64] = []
            while try next() { rows.append(int64(0)) }
            return rows
        }
    }
}
