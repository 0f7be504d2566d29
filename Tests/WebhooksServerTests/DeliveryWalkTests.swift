import Synchronization
import Testing
import WebhookCore

@testable import WebhooksServer

/// Lists of attempts go through deliveries in either direction, and look at a bounded number of them.
@Suite("The walk over an endpoint's deliveries")
struct DeliveryWalkTests {
    /// A log of deliveries with these ids, and the number of rows that were read of it.
    private final class Log: Sendable {
        private let rows: [Int64]
        private let read = Mutex(0)

        init(_ rows: [Int64]) { self.rows = rows }

        var rowsRead: Int { read.withLock { $0 } }

        @Sendable func deliveries(_ query: DeliveryQuery) -> [Delivery] {
            let below = query.after?.rawValue ?? .max
            let found = rows.reversed().drop { $0 >= below }.prefix(query.limit)
            read.withLock { $0 += found.count }
            return found.map { delivery($0) }
        }
    }

    private static func delivery(_ row: Int64) -> Delivery {
        Delivery(
            id: Delivery.ID(rawValue: row),
            event: "e",
            topic: "a.b",
            tenant: nil,
            subscription: "s",
            state: .delivered,
            mode: .retry,
            attempts: 1,
            nextAttemptAt: nil,
            lastStatus: 200,
            lastError: nil,
            createdAt: Timestamp(milliseconds: row),
            settledAt: nil,
            isTest: false,
            retriggerOf: nil
        )
    }

    /// Walks to the end, request by request; the rows that each was given.
    private func walk(_ log: Log, from: String, most: Int) async throws -> [[Int64]] {
        var requests: [[Int64]] = []
        var iterator = from
        while requests.count < 100 {
            let query = iterator.isEmpty ? "/" : "/?iterator=\(iterator)"
            let page = try PageRequest(QueryParameters(query), descending: true) { AttemptID($0) != nil }
            var walk = DeliveryWalk("s", page, most: most) { log.deliveries($0) }
            var given: [Int64] = []
            while let delivery = try await walk.next() {
                let id = AttemptID(startedAt: delivery.createdAt, delivery: delivery.id, number: 1)
                if walk.isBeyond(id) { given.append(delivery.id.rawValue) }
            }
            requests.append(given)
            guard let stop = walk.stop else { return requests }
            iterator = (page.isBackward ? "-" : "") + stop.text
        }
        return requests
    }

    private static let logs: [[Int64]] = [
        [], [1], Array(1...100), Array(1...1_000), (1...300).map { $0 * 7_919 },
        [1, 2, 3, 9_000_000_000, 9_000_000_001],
        Array(1...250) + (0..<5).map { 1_000_000 + $0 * 100_000 } + Array(5_000_000...5_000_400),
    ]

    @Test("gives each once, in both directions, in as many requests as it takes", arguments: logs, [10_000, 37])
    func everything(rows: [Int64], most: Int) async throws {
        let down = try await walk(Log(rows), from: "", most: most)
        #expect(down.flatMap(\.self) == rows.reversed())
        let first = AttemptID(startedAt: Timestamp(milliseconds: 0), delivery: Delivery.ID(rawValue: 1), number: 1)
        let up = try await walk(Log(rows), from: "-\(first.text)", most: most)
        #expect(up.flatMap(\.self) == rows.filter { $0 > 1 })
        #expect((down + up).allSatisfy { $0.count <= most })
    }

    @Test func `an upward page of a large log reads a small part of it`() async throws {
        let log = Log(Array(1...100_000))
        let start = AttemptID(startedAt: Timestamp(milliseconds: 0), delivery: Delivery.ID(rawValue: 500), number: 1)
        let page = try PageRequest(QueryParameters("/?iterator=-\(start.text)"), descending: true) {
            AttemptID($0) != nil
        }
        var walk = DeliveryWalk("s", page) { log.deliveries($0) }
        for row in Int64(500)...Int64(550) { #expect(try await walk.next()?.id.rawValue == row) }
        #expect(log.rowsRead < 300)
    }

    @Test func `an id that was made by hand is no row too far`() async throws {
        for row in [Int64(1) << 62, .max] {
            let id = AttemptID(startedAt: Timestamp(milliseconds: 0), delivery: Delivery.ID(rawValue: row), number: 1)
            #expect(try await walk(Log([1, 2]), from: "-\(id.text)", most: 9) == [[]])
            #expect(try await walk(Log([1, 2]), from: id.text, most: 9) == [[2, 1]])
        }
    }
}
