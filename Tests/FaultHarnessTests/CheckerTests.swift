import Testing

@testable import WebhooksFaultHarness

/// The checker finds what it is there for: each history here breaks one promise, and the same without the break passes.
@Suite struct CheckerTests {
    @Test func goodHistoryPasses() {
        #expect(Fabricated().violations.isEmpty)
    }

    @Test func acknowledgedAndGone() {
        var world = Fabricated()
        world.record.events.removeAll { $0 == "b" }
        #expect(world.kinds.contains(.lost))
    }

    @Test func acknowledgedAndNeverReceived() {
        var world = Fabricated()
        world.history.requests.removeAll { $0.event == "b" && $0.subscription == "retry" }
        #expect(world.kinds.contains(.lost))
        // One that somebody tried to cancel need not arrive.
        world.history.emits["b"]?.mayBeCancelled = true
        world.set("retry", "b") { $0.state = "cancelled" }
        #expect(world.violations.isEmpty)
    }

    @Test func notAcknowledgedNeedNotArrive() {
        var world = Fabricated()
        world.history.emits["b"]?.acknowledgedAt = nil
        world.history.requests.removeAll { $0.event == "b" }
        world.record.deliveries.removeAll { $0.event == "b" }
        world.record.events.removeAll { $0 == "b" }
        #expect(world.violations.isEmpty)
    }

    @Test func matchingSubscriptionWithoutADelivery() {
        var world = Fabricated()
        world.record.deliveries.removeAll { $0.subscription == "once" && $0.event == "a" }
        world.history.requests.removeAll { $0.subscription == "once" && $0.event == "a" }
        #expect(world.kinds == [.lost])
    }

    @Test func gaveUp() {
        var world = Fabricated()
        world.set("retry", "a") { $0.state = "failed" }
        #expect(world.kinds == [.lost])
    }

    @Test func singleShotTwice() {
        var world = Fabricated()
        world.history.requests.append(Fabricated.request("once", "a", at: 9))
        world.set("once", "a") { $0.attempts = 2 }
        #expect(world.kinds == [.doubled])
    }

    /// Sent again on purpose, there are two deliveries.
    @Test func singleShotSentAgain() {
        var world = Fabricated()
        world.history.requests.append(Fabricated.request("once", "a", at: 9))
        world.record.deliveries.append(Fabricated.delivery("once", "a", mode: "single-shot", id: "dlv_9"))
        #expect(world.violations.isEmpty)
    }

    @Test func requestWithoutAnAttempt() {
        var world = Fabricated()
        world.history.requests.append(Fabricated.request("retry", "a", at: 9))
        #expect(world.kinds == [.unrecorded])
    }

    @Test func requestOfAnUnknownEvent() {
        var world = Fabricated()
        world.history.requests.append(Fabricated.request("retry", "never-emitted", at: 9))
        #expect(world.kinds == [.unrecorded])
    }

    @Test func deliveredAndNeverAccepted() {
        var world = Fabricated()
        for index in world.history.requests.indices where world.history.requests[index].event == "a" {
            world.history.requests[index].isAccepted = false
        }
        #expect(world.kinds == [.untrue])
        #expect(world.violations.count == 3)
    }

    @Test func otherBytes() {
        var world = Fabricated()
        world.set("retry", "a") { $0.attempts = 2 }
        var request = Fabricated.request("retry", "a", at: 1)
        request.digest = 77
        world.history.requests.append(request)
        #expect(world.kinds == [.altered])
    }

    /// A request that was cut off has no bytes to compare.
    @Test func cutOffBody() {
        var world = Fabricated()
        world.set("retry", "a") { $0.attempts = 2 }
        var request = Fabricated.request("retry", "a", at: 1)
        request.digest = nil
        world.history.requests.append(request)
        #expect(world.violations.isEmpty)
    }

    @Test func bodyOfAnotherEvent() {
        var world = Fabricated()
        world.history.requests[0].isOwnBody = false
        #expect(world.kinds == [.altered])
    }

    @Test func openDelivery() {
        var world = Fabricated()
        world.set("once", "a") { $0.state = "waiting" }
        #expect(world.kinds == [.open])
    }

    @Test func endsAsItMustNot() {
        var world = Fabricated()
        world.promises[1].ends = ["failed"]
        #expect(world.kinds == [.untrue])
    }

    @Test func refusedBatchInTheStore() {
        var world = Fabricated()
        world.history.refused = ["a"]
        #expect(world.kinds == [.untrue])
    }

    @Test func hostsTransactionTornApart() {
        var world = Fabricated()
        world.record.hostRows = ["host-1"]
        #expect(world.kinds == [.damaged], "a row without its event")
        world.record.events.append("host-1")
        #expect(world.violations.isEmpty)
        world.record.hostRows = []
        #expect(world.kinds == [.damaged], "an event without its row")
        world.record.events.removeLast()
        world.history.hostCommits = ["host-1"]
        #expect(world.kinds == [.damaged], "a commit that is gone")
    }

    @Test func findingsOfActors() {
        var world = Fabricated()
        world.history.findings = [Violation(.redirected, "followed")]
        #expect(world.kinds == [.redirected])
    }
}
