internal import WebhookCore
internal import WebhooksSQLite

/// Times the first page of every single filter, of state and subscription, and what reads all.
struct Reading {
    let store: SQLiteStore

    func run() async throws {
        for state in DeliveryState.allCases {
            try await page("state \(state.rawValue)") { $0.states = [state] }
        }
        try await page("no filter") { _ in }
        for name in ["subscription-0", "rare", "nobody"] {
            try await page("subscription \(name)") { $0.subscription = name }
            try await page("  and failed") { ($0.subscription, $0.states) = (name, [.failed]) }
            try await page("  and delivered") { ($0.subscription, $0.states) = (name, [.delivered]) }
            try await page("  and unknown") { ($0.subscription, $0.states) = (name, [.unknown]) }
        }
        for topic in ["course.created", "coupon.rare", "no.such"] {
            try await page("topic \(topic)") { $0.topics = [topic] }
            try await events("topic \(topic)") { $0.topics = [topic] }
        }
        for tenant in ["school-1", "school-rare", "nobody"] {
            try await page("tenant \(tenant)") { $0.tenant = tenant }
            try await events("tenant \(tenant)") { $0.tenant = tenant }
        }
        try await page("test") { $0.isTest = true }
        try await events("test") { $0.isTest = true }
        let early = Timestamp(milliseconds: 1_700_000_000_000 + 20_000)
        try await page("since") { $0.since = early }
        try await page("until") { $0.until = early }
        try await events("until") { $0.until = early }
        try await page("event") { $0.events = ["0198f3c2-0000-7000-8000-000000000007"] }
        print("statistics", try await Measure.run { _ = try await store.statistics() }.text)
        try await walk()
    }

    /// Pages through everything as an export does.
    private func walk() async throws {
        var query = DeliveryQuery()
        query.limit = 500
        var count = 0
        let before = Measure.memory.now
        let all = try await Measure.run {
            while true {
                let page = try await store.exportPage(query)
                count += page.count
                guard page.count == query.limit, let last = page.last else { break }
                query.after = last.delivery.id
            }
        }
        let after = Measure.memory
        print(
            "export of \(count): \(all.rate(count)); memory \(before) -> \(after.now) MiB, highest \(after.highest) MiB"
        )
    }

    private func page(_ name: String, _ change: (inout DeliveryQuery) -> Void) async throws {
        var query = DeliveryQuery()
        change(&query)
        var count = 0
        let first = try await Measure.run { count = try await store.deliveries(query).count }
        let second = try await Measure.run { _ = try await store.deliveries(query) }
        print("deliveries \(name):", first.text, "again", second.text, "rows", count)
    }

    private func events(_ name: String, _ change: (inout EventQuery) -> Void) async throws {
        var query = EventQuery()
        change(&query)
        var count = 0
        let first = try await Measure.run { count = try await store.events(query).count }
        let second = try await Measure.run { _ = try await store.events(query) }
        print("events \(name):", first.text, "again", second.text, "rows", count)
    }
}
