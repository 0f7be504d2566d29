internal import Foundation
internal import WebhookCore
internal import WebhooksSQLite

#if PostgreSQL
    internal import WebhooksPostgres
#endif

// Deliveries a second through the stores alone, side by side: each is accepted with its first attempt claimed, and its attempt
// is recorded with the next batch. One batch is one transaction that waits for the disk.
//
//     WebhooksStoreBench FOLDER [POSTGRES-URL]

let arguments = CommandLine.arguments
guard arguments.count >= 2 else {
    print("usage: WebhooksStoreBench FOLDER [POSTGRES-URL]")
    exit(64)
}

print("| store | batch | deliveries/s | ms a batch |")
print("|---|---|---|---|")
for size in [64, 256] {
    let path = arguments[1] + "/store-\(size).sqlite"
    let sqlite = try SQLiteStore.open(path: path, role: .writer)
    try await report("SQLite", size, Run(store: sqlite, size: size).measure())
    sqlite.close()
    #if PostgreSQL
        guard arguments.count > 2, let schema = SchemaName("bench_\(size)") else { continue }
        let target = try PostgresTarget(url: Secret(arguments[2]), schema: schema)
        let postgres = try PostgresStore.open(target, role: .dispatcher)
        if let warning = postgres.warning { print(warning) }
        try await report("PostgreSQL", size, Run(store: postgres, size: size).measure())
        postgres.close()
    #endif
}

func report(_ name: String, _ size: Int, _ result: (rate: Double, milliseconds: Double)) {
    print("| \(name) | \(size) | \(Int(result.rate)) | \(String(format: "%.2f", result.milliseconds)) |")
}

/// Batches through one store.
struct Run {
    let store: any DeliveryStore
    let size: Int
    /// The time to measure, after a second of warming up.
    let duration: Duration = .seconds(8)

    private static let data = ByteString(#"{"course":""# + String(repeating: "x", count: 580) + #""}"#)
    private static let instant = Timestamp(milliseconds: 1_700_000_000_000)

    func measure() async throws -> (rate: Double, milliseconds: Double) {
        var claimed: [Delivery.ID] = []
        let prefix = UInt64.random(in: 0 ... .max)
        var number = 0
        var counted = 0
        var batches = 0
        let clock = ContinuousClock()
        let begin = clock.now + .seconds(1)
        while clock.now < begin + duration {
            let start = clock.now
            var batch = StoreBatch()
            batch.results = claimed.map { Self.result(of: $0) }
            batch.acceptances = (number..<number + size).map { acceptance("\(prefix)-\($0)", $0 % 1_000) }
            number += size
            let result = try await commit(batch)
            claimed = result.acceptances.compactMap { outcome in
                if case .stored(_, let ids) = outcome { ids.first } else { nil }
            }
            if start >= begin {
                counted += batch.results.count
                batches += 1
            }
        }
        let seconds = Double((clock.now - begin).components.seconds) + 0.0
        return (Double(counted) / max(1, seconds), max(1, seconds) * 1000 / Double(max(1, batches)))
    }

    private func commit(_ batch: StoreBatch) async throws -> StoreBatchResult {
        let result = await withCheckedContinuation { continuation in
            store.commit(batch) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    private func acceptance(_ id: String, _ endpoint: Int) -> Acceptance {
        let event = Event(
            stored: id,
            topic: "course.created",
            data: Self.data,
            tenant: nil,
            occurredAt: Self.instant,
            occurredAtIsGiven: false,
            deliverAt: nil,
            isTest: false
        )
        let body = ByteString(#"{"id":""# + id + #"","type":"course.created","data":"# + Self.data.text + "}")
        let delivery = NewDelivery(
            subscription: "endpoint-\(endpoint)",
            mode: .retry,
            body: 0,
            contentType: .json,
            start: .claimed(at: Self.instant)
        )
        let new = NewDeliveries(bodies: [body], deliveries: [delivery])
        return Acceptance(event: event, createdAt: Self.instant, deliveries: new)
    }

    private static func result(of delivery: Delivery.ID) -> AttemptWrite {
        var attempt = Attempt(
            number: 1,
            startedAt: instant,
            url: "https://receiver.example/hooks",
            requestHeaders: [
                HTTPHeader("content-type", "application/json"), HTTPHeader("webhook-id", "evt_01"),
                HTTPHeader("webhook-signature", "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="),
            ],
            requestBody: .empty
        )
        attempt.finishedAt = instant + .milliseconds(9)
        attempt.outcome = .succeeded
        attempt.status = 200
        attempt.duration = .milliseconds(9)
        attempt.responseHeaders = [HTTPHeader("content-length", "2")]
        attempt.responseBody = "ok"
        return AttemptWrite(
            delivery: delivery,
            attempt: attempt,
            uncountedAttempts: 0,
            interruptions: 0,
            next: .settled(.delivered)
        )
    }
}
