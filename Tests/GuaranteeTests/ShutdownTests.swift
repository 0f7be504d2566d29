import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// Row 32: how a dispatcher stops.
@Suite struct ShutdownTests {
    private func stage(_ receiver: Receiver, on store: TestStore, grace: String) throws -> TestEnvironment {
        let stage = try TestEnvironment()
        let endpoints: [Endpoint] = [.retry("again", receiver.url), .singleShot("once", receiver.url)]
        try stage.configure(endpoints, on: store, dispatcher: "shutdownGrace: \(grace)")
        return stage
    }

    /// What is on the wire ends; nothing new begins.
    @Test(arguments: TestStore.here)
    func drains(on store: TestStore) async throws {
        let receiver = try Receiver { $0.number <= 2 ? .noContent.after(.milliseconds(700)) : .noContent }
        let stage = try stage(receiver, on: store, grace: "60s")
        let dispatcher = try await stage.startDispatcher()
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt-1", "--detach"])
        try await receiver.waitForRequests(count: 2)
        dispatcher.send(SIGTERM)
        try await eventually("it drains") { dispatcher.errors.contains("underWay=2") }
        #expect(try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt-2", "--detach"]).exit == .code(0))
        #expect(await dispatcher.exit() == .code(0))
        #expect(dispatcher.errors.contains("notice stopped open=0"), "\(dispatcher.errors)")
        #expect(try await stage.deliveries().filter { $0.event == "evt-1" }.map(\.state) == [.delivered, .delivered])
        #expect(receiver.requestCount == 2)
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(0))
        #expect(receiver.requestCount == 4)
        try await Audit(stage, [receiver]).checkSafety()
    }

    /// A second signal stops at once, as kill -9 would.
    @Test(arguments: TestStore.here)
    func secondSignalStops(on store: TestStore) async throws {
        let receiver = try Receiver { $0.number <= 2 ? .neverAnswer : .noContent }
        let stage = try stage(receiver, on: store, grace: "600s")
        let dispatcher = try await stage.startDispatcher()
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt", "--detach"])
        try await receiver.waitForRequests(count: 2)
        dispatcher.send(SIGTERM)
        try await eventually("it drains") { dispatcher.errors.contains("draining") }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(128 + SIGTERM))
        #expect(dispatcher.errors.contains("stopped at once; 2 attempts cut off"), "\(dispatcher.errors)")
        try stage.endLeases(on: store)
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(1))
        try await expectRecovered(stage, receiver)
    }

    /// Past the grace what is on the wire is cut off, and on record before the end.
    @Test(arguments: TestStore.here)
    func graceRunsOut(on store: TestStore) async throws {
        let receiver = try Receiver { $0.number <= 2 ? .neverAnswer : .noContent }
        let stage = try stage(receiver, on: store, grace: "100ms")
        let dispatcher = try await stage.startDispatcher()
        _ = try await stage.run(["emit", "a.b", "--data", "{}", "--id", "evt", "--detach"])
        try await receiver.waitForRequests(count: 2)
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        let states = Dictionary(
            uniqueKeysWithValues: try await stage.deliveries().map { ($0.subscription, $0.state) }
        )
        #expect(states == ["again": .waiting, "once": .unknown])
        #expect(dispatcher.errors.contains("the grace is over: attempts are cut off"), "\(dispatcher.errors)")
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(0))
        try await expectRecovered(stage, receiver)
    }

    private func expectRecovered(_ stage: TestEnvironment, _ receiver: Receiver) async throws {
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        #expect(audit.count("again", "evt") == 2)
        #expect(audit.count("once", "evt") == 1)
        for delivery in try await stage.deliveries() {
            #expect(delivery.state == (delivery.mode == .retry ? .delivered : .unknown))
            #expect(try await stage.attempts(of: delivery).first?.error == .interrupted)
        }
    }
}
