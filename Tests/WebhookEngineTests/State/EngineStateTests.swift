import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("State of the engine")
struct EngineStateTests {
    private let time = EngineTime(wall: .init(milliseconds: 5_000), monotonic: .init(milliseconds: 5_000))

    private func event(_ row: Int64) -> PendingEvent {
        let event = Event(
            stored: "e\(row)",
            topic: "a",
            data: "{}",
            tenant: nil,
            occurredAt: time.wall,
            occurredAtIsGiven: true,
            deliverAt: nil,
            isTest: false
        )
        return PendingEvent(row: row, place: row, event: event, target: nil)
    }

    @Test("events that come while they are read are read again; given out, they keep the next read back")
    func backlog() {
        var backlog = FanOutBacklog()
        let unwanted = backlog.beginRead(mostLarge: 2)
        backlog.want()
        let first = backlog.beginRead(mostLarge: 2)
        #expect(unwanted == nil && first == [] && backlog.isReading)
        backlog.want()
        backlog.endRead()
        #expect(!backlog.isRead && !backlog.isReading)
        backlog.giveOut(event(1), isLarge: false)
        backlog.giveOut(event(2), isLarge: true)
        let early = backlog.beginRead(mostLarge: 2)
        backlog.answered(event(1))
        let next = backlog.beginRead(mostLarge: 2)
        #expect(early == nil && next == [2], "a large one is read past")
        backlog.failRead()
        backlog.answered(event(2))
        backlog.exclude(3)
        let again = backlog.beginRead(mostLarge: 2)
        backlog.endRead()
        #expect(again == [3] && backlog.isEmpty && backlog.isRead)
    }

    @Test("an event that waits for its time is looked for then, or sooner")
    func expected() {
        var backlog = FanOutBacklog()
        backlog.expect(time.wall + .seconds(5), at: time)
        backlog.expect(time.wall + .seconds(3600), at: time)
        #expect(backlog.nextAt == time.monotonic + .seconds(5))
        backlog.learnNext(time.wall + .seconds(3600), at: time)
        #expect(backlog.nextAt == time.monotonic + .seconds(30), "a clock may step meanwhile")
        backlog.wake(now: time.monotonic + .seconds(30))
        #expect(backlog.nextAt == nil && !backlog.isRead)
    }

    @Test("slot classes take turns; one without a free slot is passed over")
    func slots() {
        var slots = AdmissionControl(limit: 8)
        for queue in 0..<3 { slots.lineUp(queue, for: .firstAttempt, of: TenantShares.none) }
        slots.lineUp(10, for: .probation, of: TenantShares.none)
        slots.lineUp(11, for: .probation, of: TenantShares.none)
        slots.lineUp(20, for: .retry, of: TenantShares.none)
        var order: [Int] = []
        while let queue = slots.next() {
            order.append(queue)
            if queue == 10 { slots.takeSlot(.probation, of: TenantShares.none) }
        }
        #expect(order == [0, 20, 10, 1, 2])
        slots.freeSlot(.probation, of: TenantShares.none)
        let last = slots.next()
        #expect(last == 11)
    }

    @Test("cancellation goes on until a batch isn't full, and once more for what came meanwhile")
    func cancellation() {
        var cancellation = Cancellation.none
        cancellation.begin()
        let full = cancellation.batchEnded(10, isLast: false)
        cancellation.begin()
        cancellation.goOn()
        let disturbed = cancellation.batchEnded(3, isLast: true)
        cancellation.begin()
        let last = cancellation.batchEnded(1, isLast: true)
        let all = cancellation.end()
        #expect(!full && !disturbed && last && all == 14 && !cancellation.isUnderWay)
    }

    @Test("a queue that comes with a reload is served once its health is known, parked or not meanwhile")
    func service() {
        var service = QueueService(isEnabled: true, knowsHealth: false)
        #expect(!service.isServing && service.awaitsHealth)
        service.park()
        service.unpark()
        #expect(!service.isServing && service.awaitsHealth && !service.isParked)
        service.park()
        service.healthWasRead()
        #expect(service.isParked && !service.awaitsHealth)
        service.unpark()
        #expect(service.isServing)
    }

    @Test("a drain before the start is a drain after it, and nothing follows an end")
    func phases() {
        var phase = EnginePhase.starting
        phase.drain()
        let isFirst = phase.start()
        let isSecond = phase.start()
        #expect(isFirst && !isSecond && phase.isDraining && phase.hasStarted && !phase.begins)
        phase = .abandoned
        phase.drain()
        #expect(phase.isAbandoned)
    }

    @Test("the record of an attempt that the store refuses is cut down once, then left alone")
    func refused() {
        var rows = RefusedRows()
        let id = Delivery.ID(rawValue: 1)
        let first = rows.refuseAttempt(of: id)
        #expect(first && rows.isCutDown(id) && !rows.isSuspended(id))
        let second = rows.refuseAttempt(of: id)
        #expect(!second && !rows.isCutDown(id) && rows.isSuspended(id))
        let isNews = rows.suspend(id)
        #expect(!isNews)
    }
}
