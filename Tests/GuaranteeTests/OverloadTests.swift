import Foundation
import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// Limits are reached, and the living are served.
@Suite struct OverloadTests {
    /// Rows 8, 9 and 11, modestly: 180 of 200 endpoints accept and never answer.
    @Test func deadEndpointsHoldNobodyUp() async throws {
        let receiver = try Receiver { $0.target.hasPrefix("/dead") ? .neverAnswer : .noContent }
        let stage = try TestEnvironment()
        let healthy = (0..<20).map { "healthy-\($0)" }
        let dead = (0..<180).map { "dead-\($0)" }
        try stage.configure(
            healthy.map { .retry($0, receiver.url) } + dead.map { Endpoint.retry($0, receiver.url).topics("all.*") },
            dispatcher: "maxInFlight: 32, shutdownGrace: 10ms"
        )
        let dispatcher = try await stage.startDispatcher()
        // The healthy have had one success.
        #expect(try await stage.run(["emit", "warm.up", "--data", "{}"]).exit == .code(0))
        let ids = (0..<5).map { "evt-\($0)" }
        let library = try await stage.library()
        try await library.emit(ids.map { try Event(topic: "all.of", data: "{}", id: $0) })
        // The dead ones' requests are on the wire for half a minute: the healthy go past them.
        try await eventually("the healthy have got theirs") {
            receiver.requests.filter { $0.target.hasPrefix("/healthy") }.count == 20 * 6
        }
        let hanging = receiver.requests.filter { $0.target.hasPrefix("/dead") }
        #expect(hanging.count <= 32 / 8, "the dead share an eighth of the slots")
        #expect(Set(hanging.map(\.target)).count == hanging.count, "one for each")
        try await eventually("it is on record") {
            let delivered = try await stage.library().deliveries(DeliveryQuery(states: [.delivered]), limit: 1000)
            return delivered.count == 20 * 6
        }
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        try await Audit(stage, [receiver]).checkSafety()
    }

    /// The limits of a subscription and of all together.
    @Test func inFlightLimits() async throws {
        let receiver = try Receiver { _ in .noContent.after(.milliseconds(20)) }
        let stage = try TestEnvironment()
        let names = (0..<6).map { "crm-\($0)" }
        try stage.configure(
            names.map { .retry($0, receiver.url, "maxInFlight: 3, schedule: [1ms], timeout: 30s") },
            dispatcher: "maxInFlight: 8"
        )
        // One success each: an endpoint without any has a single slot.
        #expect(try await stage.run(["emit", "a.b", "--data", "{}"]).exit == .code(0))
        let library = try await stage.library()
        try await library.emit((0..<30).map { try Event(topic: "a.b", data: "{}", id: "evt-\($0)") })
        #expect(try await stage.run(["run", "--until-settled"]).exit == .code(0))
        #expect(receiver.requestCount == 31 * 6)

        // Each attempt as an interval: from its start on record to its end.
        var edges: [(at: Int64, change: Int, name: String)] = []
        for delivery in try await stage.deliveries() {
            for attempt in try await stage.attempts(of: delivery) {
                let end = try #require(attempt.finishedAt)
                edges.append((attempt.startedAt.milliseconds, 1, delivery.subscription))
                edges.append((end.milliseconds, -1, delivery.subscription))
            }
        }
        var total = 0
        var each: [String: Int] = [:]
        // Ends first where they fall on the same millisecond.
        for edge in edges.sorted(by: { ($0.at, $0.change) < ($1.at, $1.change) }) {
            total += edge.change
            each[edge.name, default: 0] += edge.change
            #expect(total <= 8)
            #expect(each[edge.name, default: 0] <= 3)
        }
    }

    /// Row 17: 64 descriptors, and far more requests than fit.
    @Test func fewDescriptors() async throws {
        let receiver = try Receiver(ReceiverOptions(host: "0.0.0.0")) { _ in .noContent.after(.milliseconds(20)) }
        let stage = try TestEnvironment()
        // A host of its own for each: no connection serves two of them.
        let endpoints = (0..<100).map { number in
            let url = "http://127.0.1.\(number + 1):\(receiver.port)"
            let delivery = "maxInFlight: 8, schedule: [1ms, 1ms, 1ms, 1ms, 1ms, 1ms], timeout: 60s"
            return number < 50 ? Endpoint.retry("again-\(number)", url, delivery) : .singleShot("once-\(number)", url)
        }
        try stage.configure(endpoints, dispatcher: "maxInFlight: 512")
        let library = try await stage.library()
        let ids = (0..<4).map { "evt-\($0)" }
        try await library.emit(ids.map { try Event(topic: "a.b", data: "{}", id: $0) })
        let command = try stage.start(["run", "--until-settled"], limits: "-n 64")
        #expect(await command.exit() == .code(0), "\(command.errors)")
        let audit = try await Audit(stage, [receiver])
        audit.checkSafety()
        audit.checkLiveness(ids, retry: endpoints.map(\.name))
        #expect(receiver.requestCount == 400, "no attempt was used up by our own limit")
        try await stage.expectIntegrity()
    }

    /// Row 18: a connection for each request, to many addresses.
    @Test func shortConnections() async throws {
        let receivers = try (1...8).map { number in
            try Receiver(ReceiverOptions(host: "127.0.0.\(number)")) { _ in .status(204, closesConnection: true) }
        }
        let stage = try TestEnvironment()
        let endpoints = receivers.indices.map { index in
            Endpoint.retry("crm-\(index)", receivers[index].url, "maxInFlight: 32, schedule: [1ms, 1ms], timeout: 60s")
        }
        try stage.configure(endpoints)
        let dispatcher = try await stage.startDispatcher()
        let library = try await stage.library()
        let rounds = 4
        let perRound = Soak.rounds(50, soak: 3200)
        var memory: [Int] = []
        for round in 1...rounds {
            var left = perRound
            while left > 0 {
                let count = min(left, 200)
                left -= count
                try await library.emit((0..<count).map { _ in try Event(topic: "a.b", data: "{}") })
            }
            let expected = round * perRound
            try await eventually("round \(round) is delivered", within: .seconds(600)) {
                receivers.allSatisfy { $0.requestCount >= expected }
            }
            memory.append(try Self.residentKilobytes(of: dispatcher))
        }
        // All are closed by the receiver; the pools notice when they are used next, or their age is up. Until then the
        // transport keeps 512 at most, a third of the connections made here.
        let descriptors = try Self.descriptors(of: dispatcher)
        #expect(descriptors < 512 + 64, "\(descriptors) descriptors are open")
        let growth = memory[rounds - 1] - memory[1]
        #expect(growth < 16_384 + perRound / 50, "the resident memory has grown from round to round: \(memory)")
        dispatcher.send(SIGTERM)
        #expect(await dispatcher.exit() == .code(0))
        for receiver in receivers { #expect(receiver.requestCount == rounds * perRound) }
        print(
            "short connections: \(rounds * perRound * 8), resident KB by round: \(memory), descriptors: \(descriptors)"
        )
    }

    private static func residentKilobytes(of command: Command) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(command.processID)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
        return line.flatMap { Int($0.split { !$0.isNumber }.joined()) } ?? 0
    }

    private static func descriptors(of command: Command) throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/\(command.processID)/fd").count
    }
}
