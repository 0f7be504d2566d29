import Testing

@testable import WebhookEngine

@Suite("Tenants' shares of the slots")
struct TenantSharesTests {
    /// Gives turns until nobody stands in line; whoever gets a slot takes it, the others line up again.
    private func admitAll(_ slots: inout AdmissionControl, of share: Int) -> [Int] {
        var order: [Int] = []
        while let queue = slots.next() {
            if slots.free(of: share).contains(FreeSlots(.firstAttempt)) {
                slots.takeSlot(.firstAttempt, of: share)
                order.append(queue)
            } else {
                slots.lineUp(queue, for: .firstAttempt, of: share)
            }
        }
        return order
    }

    @Test("a tenant has half of the slots; its other queues wait in a line of their own, and others pass them")
    func half() {
        var slots = AdmissionControl(limit: 8)
        let acme = slots.joinShare(of: "acme")
        for queue in 0..<10 { slots.lineUp(queue, for: .firstAttempt, of: acme) }
        let admitted = admitAll(&slots, of: acme)
        #expect(admitted == [0, 1, 2, 3])
        #expect(
            !slots.free(of: acme).contains(FreeSlots(.firstAttempt))
                && slots.free(of: TenantShares.none).contains(FreeSlots(.firstAttempt))
        )
        let other = slots.joinShare(of: "other")
        #expect(other != acme && slots.free(of: other).contains(FreeSlots(.firstAttempt)))
        slots.lineUp(20, for: .firstAttempt, of: other)
        slots.lineUp(21, for: .firstAttempt, of: TenantShares.none)
        let others = [slots.next(), slots.next(), slots.next()]
        #expect(others == [20, 21, nil])
        slots.freeSlot(.firstAttempt, of: acme)
        let next = [slots.next(), slots.next()]
        #expect(next == [4, 5], "whoever had its turn and took nothing leaves it to the next")
    }

    @Test("every queue of a tenant that has its share gets its turn, one after the other")
    func fair() {
        var slots = AdmissionControl(limit: 4)
        let acme = slots.joinShare(of: "acme")
        for queue in 0..<6 { slots.lineUp(queue, for: .firstAttempt, of: acme) }
        var order = admitAll(&slots, of: acme)
        for end in 0..<10 {
            // Each has more to send.
            slots.lineUp(order[end], for: .firstAttempt, of: acme)
            slots.freeSlot(.firstAttempt, of: acme)
            order += admitAll(&slots, of: acme)
        }
        #expect(order == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    }

    @Test("queues that wait for a class without a slot are in no way of their tenant's other classes")
    func classes() {
        var slots = AdmissionControl(limit: 8)
        let acme = slots.joinShare(of: "acme")
        slots.takeSlot(.probation, of: TenantShares.none)
        for queue in 0..<10 { slots.lineUp(queue, for: .probation, of: acme) }
        slots.lineUp(20, for: .firstAttempt, of: acme)
        let next = [slots.next(), slots.next()]
        #expect(next == [20, nil])
    }

    @Test("a limit that is raised lets in who waits for it")
    func raised() {
        var slots = AdmissionControl(limit: 2)
        let acme = slots.joinShare(of: "acme")
        for queue in 0..<3 { slots.lineUp(queue, for: .firstAttempt, of: acme) }
        let before = admitAll(&slots, of: acme)
        slots.limit = 6
        let after = admitAll(&slots, of: acme)
        #expect(before == [0] && after == [1, 2])
    }

    @Test("a share's number is another tenant's once nothing of it is left, and not before")
    func reused() {
        var slots = AdmissionControl(limit: 8)
        let acme = slots.joinShare(of: "acme")
        slots.takeSlot(.firstAttempt, of: acme)
        slots.lineUp(1, for: .firstAttempt, of: acme)
        slots.leaveShare(acme)
        let other = slots.joinShare(of: "other")
        #expect(other != acme, "a request of acme's is under way, and a queue in line")
        _ = slots.next()
        slots.freeSlot(.firstAttempt, of: acme)
        let (third, again) = (slots.joinShare(of: "third"), slots.joinShare(of: "acme"))
        #expect(third == acme && again != acme && again != other)
    }

    @Test("tenants are told apart by their bytes")
    func bytes() {
        var slots = AdmissionControl(limit: 8)
        let (composed, decomposed) = (slots.joinShare(of: "\u{E9}"), slots.joinShare(of: "e\u{301}"))
        #expect(composed != decomposed)
    }
}
