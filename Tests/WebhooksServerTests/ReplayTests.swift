import Foundation
import Synchronization
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks

@testable import WebhooksServer

/// Sending again, by requests that may come twice, and across a crash.
@Suite(.timeLimit(.minutes(2))) struct ReplayTests {
    /// A served store that delivers to a receiver, which answers as it is told.
    private final class Delivering: Sendable {
        let served: ServedStore
        let receiver: Receiver
        private let status = SharedStatus()
        private let running: Task<Void, any Error>

        init(topics: String = "\"**\"") async throws {
            receiver = try Receiver { [status] _ in .status(status.value.load(ordering: .relaxed)) }
            served = try await ServedStore(subscriptions: Self.subscriptions(receiver, topics))
            running = Task { [dispatcher = served.dispatcher] in try await dispatcher.run() }
            // From then on a message has its deliveries when it is answered.
            while served.dispatcher.readiness.obstacle != nil { await Task.yield() }
            await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
        }

        static func subscriptions(_ receiver: Receiver, _ topics: String) -> String {
            """

              - { name: own, url: "\(receiver.url)/own", topics: [\(topics)], tenant: a, profile: standard, delivery: { mode: single-shot }, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        }

        func answer(_ status: Int) { self.status.value.store(status, ordering: .relaxed) }

        var endpoint: String { EndpointID.of("own") }

        /// Sends a message, and waits until its deliveries have settled.
        func message(_ id: String, topic: String = "x") async throws {
            let body = #"{"eventType":"\#(topic)","eventId":"\#(id)","payload":{}}"#
            #expect(await served.send("POST", "/app/a/msg", body).status == 202)
            try await settle()
        }

        func settle() async throws {
            while try await served.dispatcher.deliveries().contains(where: { !$0.state.isSettled }) {}
        }

        /// Asks for a task, and waits for its end.
        func task(_ path: String, _ body: String, key: String? = nil) async throws -> Answer {
            let begun = await served.send("POST", "/app/a/endpoint/\(endpoint)/\(path)", body, key: key)
            #expect(begun.status == 202, "\(begun.text)")
            return try await ended(begun["id"])
        }

        func ended(_ id: String?) async throws -> Answer {
            let id = try #require(id)
            while true {
                let task = await served.send("GET", "/background-task/\(id)")
                if task["status"] != "running" { return task }
            }
        }

        func stop() async throws {
            served.dispatcher.shutDown()
            try await running.value
            receiver.stop()
        }
    }

    private final class SharedStatus: Sendable {
        let value = Atomic(500)
    }

    private static let since = #"{"since":"\#(Timestamp.now - .seconds(600))"}"#

    @Test func `what failed is sent again once, however often it is asked for with a key`() async throws {
        let store = try await Delivering()
        try await store.message("m1")
        try await store.message("m2")
        store.answer(204)
        let first = try await store.task("recover", Self.since, key: "auto_1")
        #expect(first["status"] == "finished" && first["data", "messagesSent"] == "2", "\(first.text)")
        #expect(try await store.task("recover", Self.since, key: "auto_1") == first)
        try await store.settle()
        #expect(store.receiver.requests.count == 4)
        // All is well: another request finds nothing.
        #expect(try await store.task("recover", Self.since)["data", "messagesSent"] == "0")
        #expect(try await store.task("bulk-replay", Self.since)["data", "messagesSent"] == "2")
        let failed = Self.since.dropLast() + #","status":2}"#
        #expect(try await store.task("bulk-replay", String(failed))["data", "messagesSent"] == "0")
        try await store.settle()
        try await store.stop()
    }

    @Test func `a message that is sent again with a key is sent once`() async throws {
        let store = try await Delivering()
        try await store.message("m1")
        for _ in 0..<3 {
            let path = "/app/a/msg/m1/endpoint/\(store.endpoint)/resend"
            let answer = await store.served.send("POST", path, key: "auto_1")
            #expect(answer == Answer(status: 202, text: "{}"))
        }
        try await store.settle()
        #expect(store.receiver.requests.count == 2)
        try await store.stop()
    }

    @Test func `what waits for its retry is due at once, and no second one is made`() async throws {
        let store = try await DispatchingStore(answering: 500)
        let url = "\(store.receiver.url)/kept"
        let endpoint = #"{"url":"\#(url)","uid":"kept","webhooks":{"delivery":{"schedule":["1h"]}}}"#
        let made = await store.served.send("POST", "/app/a/endpoint", endpoint)
        let id = try #require(made["id"], "\(made.text)")
        await store.served.send("POST", "/app/a/msg", #"{"eventType":"x","eventId":"m1","payload":{}}"#)
        func deliveries(until isMeant: ([Delivery]) -> Bool) async throws -> [Delivery] {
            var query = DeliveryQuery()
            query.subscription = id
            while true {
                let found = try await store.served.dispatcher.deliveries(query)
                if isMeant(found) { return found }
                await Task.yield()
            }
        }
        let waiting = try await deliveries { $0.first?.state == .waiting }
        for _ in 0..<2 {
            let answer = await store.served.send("POST", "/app/a/msg/m1/endpoint/kept/resend", key: "auto_1")
            #expect(answer == Answer(status: 202, text: "{}"))
        }
        // The hour is not waited for: the second attempt was the last of its schedule.
        let ended = try await deliveries { $0.allSatisfy(\.state.isSettled) }
        #expect(ended.map(\.id) == waiting.map(\.id) && ended.first?.attempts == 2)
        // What has settled is sent again by another one, unless the request came before.
        #expect(await store.served.send("POST", "/app/a/msg/m1/endpoint/kept/resend", key: "auto_1").status == 202)
        #expect(try await deliveries { _ in true }.count == 1)
        #expect(await store.served.send("POST", "/app/a/msg/m1/endpoint/kept/resend").status == 202)
        #expect(try await deliveries { _ in true }.count == 2)
        try await store.stop()
    }

    @Test func `a task that a crash has cut off goes on with the rest`() async throws {
        let store = try await Delivering()
        try await store.message("m1")
        try await store.message("m2")
        let newest = try #require(try await store.served.dispatcher.deliveries().map(\.id.rawValue).max())
        // It had sent one of the two.
        let path = "/app/a/msg/m2/endpoint/\(store.endpoint)/resend"
        await store.served.send("POST", path)
        try await store.settle()
        let platform = try await store.served.dispatcher.platformStore()
        var request = ReplayRequest("own", (since: Timestamp.now - .seconds(600), until: nil), newest)
        request.topics = ["x"]
        let task = BackgroundTask(
            id: "qtask_left",
            kind: TaskKind.recover.rawValue,
            application: await store.served.send("GET", "/app/a")["id"],
            parameters: request.text,
            updatedAt: .now
        )
        _ = try await platform.apply([.insertTask(task)], answer: nil)
        await store.served.api.takeUpTasks()
        #expect(try await store.ended("qtask_left")["data", "messagesSent"] == "1")
        try await store.settle()
        #expect(store.receiver.requests.count == 4)
        try await store.stop()
    }

    @Test func `of two requests about an endpoint one is worked on at a time`() async throws {
        let store = try await Delivering()
        for number in 0..<3 { try await store.message("m\(number)") }
        let platform = try await store.served.dispatcher.platformStore()
        let path = "/app/a/endpoint/\(store.endpoint)/recover"
        // Another server has the first, and has got nowhere yet.
        var places: [Place] = []
        while let place = store.served.api.tasks.places.take() { places.append(place) }
        let first = await store.served.send("POST", path, Self.since)
        let kinds = TaskKind.allCases.map(\.rawValue)
        let other = NodeID(process: 1, term: 1)
        let claimed = try await platform.claimTasks(of: kinds, for: other, length: .seconds(3600), limit: 9)
        #expect(claimed.map(\.id) == [first["id"]])
        places = []
        let second = await store.served.send("POST", path, Self.since)
        await store.served.api.takeUpTasks()
        #expect(await store.served.send("GET", "/background-task/\(second["id"] ?? "")")["status"] == "running")
        let claim = TaskClaim(task: claimed[0].id, owner: other, length: .seconds(3600))
        _ = try await platform.apply([.step(claim, .release)], answer: nil)
        await store.served.api.takeUpTasks()
        #expect(try await store.ended(first["id"])["data", "messagesSent"] == "3")
        #expect(try await store.ended(second["id"])["data", "messagesSent"] == "0")
        try await store.settle()
        #expect(store.receiver.requests.count == 6)
        try await store.stop()
    }

    @Test func `what an endpoint never got is sent when it is asked for`() async throws {
        let store = try await Delivering(topics: "y")
        store.answer(204)
        try await store.message("m1")
        try await store.message("m2", topic: "z")
        #expect(try await store.task("replay-missing", Self.since)["data", "messagesSent"] == "0")
        // Now it wants the first.
        let file = store.served.folder.appendingPathComponent("webhooks.yaml")
        let text = try String(contentsOf: file, encoding: .utf8).replacing("topics: [y]", with: "topics: [x]")
        try Data(text.utf8).write(to: file)
        store.served.dispatcher.reload()
        while store.served.dispatcher.registry.subscription(named: "own")?.topics.first?.description != "x" {}
        #expect(store.receiver.requests.isEmpty)
        #expect(try await store.task("replay-missing", Self.since)["data", "messagesSent"] == "1")
        try await store.settle()
        #expect(store.receiver.requests.count == 1)
        #expect(try await store.task("replay-missing", Self.since)["data", "messagesSent"] == "0")
        try await store.stop()
    }
}
