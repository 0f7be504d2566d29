import Testing
import WebhookCore
import WebhookReceiver
import Webhooks

@testable import WebhooksServer

/// Deliveries that are left of endpoints that are deleted.
@Suite(.timeLimit(.minutes(2))) struct DeletedEndpointTests {
    /// A message of which one delivery waits for its retry: that of an endpoint of the store's.
    private static func waiting(_ store: DispatchingStore) async throws -> (endpoint: String, message: String) {
        let body = #"{"url":"\#(store.receiver.url)/kept"}"#
        let endpoint = try #require(await store.served.send("POST", "/app/a/endpoint", body)["id"])
        let message = await store.served.send("POST", "/app/a/msg", #"{"eventType":"x","payload":{}}"#)
        let id = try #require(message["id"])
        _ = try await delivery(id, endpoint, store) { $0.state == .waiting }
        return (endpoint, id)
    }

    private static func delivery(
        _ message: String,
        _ endpoint: String,
        _ store: DispatchingStore,
        until isMeant: (Delivery) -> Bool
    ) async throws -> Delivery {
        var query = DeliveryQuery()
        query.events = [message]
        query.subscription = endpoint
        while true {
            if let found = try await store.served.dispatcher.deliveries(query).first, isMeant(found) { return found }
            await Task.yield()
        }
    }

    @Test(arguments: [true, false])
    func `what is open of it is cancelled, with the reason`(ofApplication: Bool) async throws {
        let store = try await DispatchingStore(answering: 500)
        let (endpoint, message) = try await Self.waiting(store)
        let path = ofApplication ? "/app/a" : "/app/a/endpoint/\(endpoint)"
        #expect(await store.served.send("DELETE", path).status == 204)
        let delivery = try await Self.delivery(message, endpoint, store) { $0.state == .cancelled }
        #expect(delivery.detail == "its subscription was deleted")
        if !ofApplication {
            let destinations = await store.served.send("GET", "/app/a/msg/\(message)/endpoint?expanded_statuses=true")
            let kept = try #require(destinations.json?["data"]?.array?.first { $0["id"]?.string == endpoint })
            #expect(kept["statusText"]?.string == "canceled")
            let own = try await store.served.dispatcher.deliveries().filter { $0.subscription != endpoint }
            #expect(own.allSatisfy { $0.state != .cancelled }, "others go on")
        }
        try await store.stop()
    }

    @Test(arguments: [DeliveryMode.retry, .singleShot])
    func `what is on its way to it is cut off, and on record`(_ mode: DeliveryMode) async throws {
        let store = try await DispatchingStore { $0.target == "/hangs" ? .neverAnswer : .noContent }
        let body = """
            {"url":"\(store.receiver.url)/hangs","webhooks":{"delivery":{"mode":"\(mode.rawValue)","timeout":"60s"}}}
            """
        let endpoint = try #require(await store.served.send("POST", "/app/a/endpoint", body)["id"])
        let message = await store.served.send("POST", "/app/a/msg", #"{"eventType":"x","payload":{}}"#)
        while !store.receiver.requests.contains(where: { $0.target == "/hangs" }) { await Task.yield() }
        #expect(await store.served.send("DELETE", "/app/a/endpoint/\(endpoint)").status == 204)
        let id = try #require(message["id"])
        let delivery = try await Self.delivery(id, endpoint, store) { $0.state.isSettled }
        #expect(delivery.state == (mode == .retry ? .cancelled : .unknown))
        let attempts = try await store.served.dispatcher.attempts(of: delivery.id)
        #expect(attempts.map(\.error) == [.interrupted] && attempts.map(\.outcome) == [.unknown])
        #expect(attempts.first?.detail == "the subscription was deleted while the request was under way")
        try await store.stop()
    }

    @Test func `nothing is told of it any more`() async throws {
        let store = try await DispatchingStore(answering: 500)
        let (endpoint, message) = try await Self.waiting(store)
        let log = store.served.dispatcher.log
        let configured = [(name: "one", isEnabled: true), (name: "two", isEnabled: true)]
        #expect(try await log.overview(of: configured).map(\.name).contains(endpoint))
        #expect(await store.served.send("DELETE", "/app/a/endpoint/\(endpoint)").status == 204)
        _ = try await Self.delivery(message, endpoint, store) { $0.state == .cancelled }
        // As an attempt that was under way leaves it.
        let manual = SubscriptionHealth.Disabled(cause: .manual, at: .now)
        let kept = try #require(try await store.served.dispatcher.platformStore() as? any EventLog)
        try await kept.setDisabled(manual, subscription: endpoint, at: .now)
        let status = try await log.status(configured: configured)
        #expect(!status.holds.contains { $0.subscription == endpoint }, "\(status.holds)")
        #expect(status.lastError?.subscription != endpoint)
        #expect(try await log.overview(of: configured).map(\.name) == ["one", "two"])
        try await store.stop()
    }

    @Test func `a dispatcher that starts later sees to it`() async throws {
        let store = try await DispatchingStore(answering: 500)
        let (endpoint, message) = try await Self.waiting(store)
        try await store.stop()
        #expect(await store.served.send("DELETE", "/app/a/endpoint/\(endpoint)").status == 204)
        // As after a crash between the two: nobody remembers the deletion but the store.
        let next = try await WebhookDispatcher(configuration: .file("\(store.served.folder.path)/webhooks.yaml"))
        let running = Task { try await next.run() }
        _ = try await Self.delivery(message, endpoint, store) { $0.state == .cancelled }
        next.shutDown()
        try await running.value
    }
}
