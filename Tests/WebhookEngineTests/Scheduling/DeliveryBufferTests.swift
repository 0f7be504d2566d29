import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("Delivery buffer")
struct DeliveryBufferTests {
    private func held(_ id: Int64, due: Int64, attempts: Int = 0) -> QueuedDelivery {
        QueuedDelivery(
            delivery: OpenDelivery(
                id: Delivery.ID(rawValue: id),
                subscription: "s",
                mode: .retry,
                contentType: .json,
                attempts: attempts,
                dueAt: Timestamp(milliseconds: due),
                event: EventHeader(row: 1, id: "e", topic: "a", tenant: nil, isTest: false)
            )
        )
    }

    private func insert(_ buffer: inout DeliveryBuffer, _ held: QueuedDelivery, limit: Int, now: Timestamp) -> Int64? {
        buffer.insert(held, limit: limit, now: now)?.delivery.id.rawValue
    }

    private func pop(_ buffer: inout DeliveryBuffer) -> Int64? { buffer.popReady()?.delivery.id.rawValue }

    /// Everything open is handed out in order of due time and id, though only a few are held, whatever comes in between.
    @Test("against a sorted reference", arguments: 1...60)
    func reference(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var buffer = DeliveryBuffer(limit: 8, isComplete: true)
        var open: [Refill.Position: QueuedDelivery] = [:]
        var known: Set<Delivery.ID> = []
        var read: (after: Refill.Position?, limit: Int)?
        var now = Timestamp(milliseconds: 0)
        for id in 1...Int64(400) {
            now = now + .milliseconds(random.pick(0...5))
            let new = held(id, due: now.milliseconds + Int64(random.chance(30) ? random.pick(0...2000) : 0))
            open[new.position] = new
            known.insert(new.delivery.id)
            if let left = buffer.insert(new, limit: 8, now: now) { known.remove(left.delivery.id) }
            #expect(buffer.count <= 10)
            if read == nil, buffer.count <= 2, buffer.hasMore {
                read = (buffer.cursor, 8)
                buffer.startRefill(isRescan: false)
            } else if let asked = read, random.chance(50) {
                let rows = open.keys.filter { position in asked.after.map { position > $0 } ?? true }.sorted().prefix(
                    asked.limit
                )
                let fresh = rows.compactMap { open[$0] }.filter { known.insert($0.delivery.id).inserted }
                let end = rows.count < asked.limit ? nil : rows.last
                let evicted = buffer.refilled(fresh, upTo: end, limit: buffer.limit, now: now)
                for left in evicted { known.remove(left.delivery.id) }
                read = nil
            }
            buffer.promote(now: now)
            while random.chance(45), let next = buffer.popReady() {
                let first = open.keys.min()
                #expect(first == next.position, "the earliest of all is handed out first")
                open[next.position] = nil
                known.remove(next.delivery.id)
            }
        }
    }

    @Test("a delivery that came during a read is not lost behind the cursor")
    func missed() {
        var buffer = DeliveryBuffer(limit: 2, isComplete: false)
        buffer.startRefill(isRescan: false)
        let left = insert(&buffer, held(5, due: 50), limit: 2, now: Timestamp(milliseconds: 0))
        #expect(left == 5)
        _ = buffer.refilled([held(1, due: 10)], upTo: nil, limit: buffer.limit, now: Timestamp(milliseconds: 100))
        #expect(buffer.cursor == Refill.Position(dueAt: Timestamp(milliseconds: 50), delivery: .init(rawValue: 4)))
    }

    @Test("a new delivery overtakes nothing where nothing is due, in memory or behind the cursor")
    func idle() {
        func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
        var buffer = DeliveryBuffer(limit: 2, isComplete: true)
        #expect(buffer.isIdle(at: time(0)))
        _ = insert(&buffer, held(1, due: 50), limit: 2, now: time(0))
        #expect(buffer.isIdle(at: time(49)) && !buffer.isIdle(at: time(50)))
        _ = insert(&buffer, held(2, due: 60), limit: 2, now: time(0))
        _ = insert(&buffer, held(3, due: 40), limit: 2, now: time(0))
        _ = insert(&buffer, held(4, due: 30), limit: 2, now: time(0))
        #expect(buffer.cursor?.dueAt == time(50))
        buffer.promote(now: time(40))
        _ = (pop(&buffer), pop(&buffer))
        #expect(buffer.count == 0 && buffer.isIdle(at: time(49)) && !buffer.isIdle(at: time(50)))
        buffer.needsRescan = true
        #expect(!buffer.isIdle(at: time(0)))
        buffer.startRefill(isRescan: true)
        #expect(!buffer.isIdle(at: time(0)))
    }

    @Test("what is due earlier makes room for itself")
    func evicts() {
        var buffer = DeliveryBuffer(limit: 2, isComplete: true)
        let now = Timestamp(milliseconds: 0)
        let left = [(1, 100), (2, 200), (3, 0), (4, 300)].map { id, due in
            insert(&buffer, held(id, due: due), limit: 2, now: now)
        }
        #expect(left == [nil, nil, 2, 4])
        #expect(buffer.count == 2 && buffer.hasMore)
    }

    @Test("in order of acceptance, whatever is due when")
    func ordered() {
        var buffer = DeliveryBuffer(limit: 4, isComplete: true, isOrdered: true)
        let now = Timestamp(milliseconds: 1000)
        let left = [held(3, due: 0), held(2, due: 0), held(1, due: 5000, attempts: 1)].map {
            insert(&buffer, $0, limit: 4, now: now)
        }
        #expect(left == [nil, nil, nil])
        let order = [pop(&buffer), pop(&buffer), pop(&buffer)]
        #expect(order == [1, 2, 3])
    }

    @Test("nothing goes before what a rescan may bring")
    func orderedRescan() {
        var buffer = DeliveryBuffer(limit: 4, isComplete: true, isOrdered: true)
        let now = Timestamp(milliseconds: 1000)
        _ = buffer.insert(held(7, due: 0), limit: 4, now: now)
        buffer.needsRescan = true
        #expect(buffer.isAhead)
        buffer.startRefill(isRescan: true)
        #expect(buffer.isAhead)
        _ = buffer.refilled([held(6, due: 0)], upTo: nil, limit: buffer.limit, now: now)
        #expect(!buffer.isAhead && buffer.ready.first?.delivery.id.rawValue == 6)
    }

    @Test("clearing begins a new epoch")
    func forget() {
        var buffer = DeliveryBuffer(limit: 4, isComplete: true)
        _ = buffer.insert(held(1, due: 0), limit: 4, now: Timestamp(milliseconds: 0))
        let forgotten = buffer.clear(isComplete: false)
        #expect(forgotten.count == 1)
        #expect(buffer.epoch == 1 && buffer.hasMore && buffer.count == 0)
    }
}
