import Testing

@testable import WebhooksFaultHarness

@Suite struct CheckerOrderTests {
    /// `a` was acknowledged before `b` was emitted.
    @Test func rowsAgainstAcceptance() {
        var world = Fabricated()
        world.record.events = ["b", "a", "c"]
        #expect(world.kinds == [.disordered])
    }

    /// What overlaps may come in either order, at the receiver in that of the rows.
    @Test func rowsOfEmitsAtOnce() {
        var world = Fabricated()
        world.record.events = ["b", "a", "c"]
        world.history.emits["b"]?.startedAt = .zero
        world.history.requests.removeAll { $0.subscription == "ordered" }
        world.history.requests += ["b", "a", "c"].map { Fabricated.request("ordered", $0, at: 9) }
        #expect(world.violations.isEmpty)
    }

    @Test func linesOfABatch() {
        var world = Fabricated()
        world.history.requests.removeAll { $0.subscription == "ordered" }
        world.promises.removeLast()
        for (line, id) in ["a", "b", "c"].enumerated() {
            world.history.emits[id]?.startedAt = .zero
            world.history.emits[id]?.batch = BatchPlace(batch: "one", line: line)
        }
        world.record.deliveries.removeAll { $0.subscription == "ordered" }
        #expect(world.violations.isEmpty)
        world.record.events = ["a", "c", "b"]
        #expect(world.kinds == [.disordered])
    }

    @Test func orderedSubscription() {
        var world = Fabricated()
        world.history.requests.removeAll { $0.subscription == "ordered" }
        world.history.requests += ["b", "a", "c"].map { Fabricated.request("ordered", $0, at: 9) }
        #expect(world.kinds == [.disordered])
    }

    /// The next only after the one before has settled: no retry of an earlier one comes later.
    @Test func retryAfterTheNext() {
        var world = Fabricated()
        world.set("ordered", "a") { $0.attempts = 2 }
        world.history.requests.append(Fabricated.request("ordered", "a", at: 9))
        #expect(world.kinds == [.disordered])
        // On purpose it may.
        world.history.emits["a"]?.mayBeRetriggered = true
        #expect(world.violations.isEmpty)
    }

    @Test func retryBeforeTheNext() throws {
        var world = Fabricated()
        world.set("ordered", "a") { $0.attempts = 2 }
        let first = try #require(world.history.requests.firstIndex { $0.subscription == "ordered" })
        world.history.requests.insert(world.history.requests[first], at: first)
        #expect(world.violations.isEmpty)
    }
}
