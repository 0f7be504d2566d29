import Synchronization
import Testing
import WebhookCore
import WebhookReceiver
import Webhooks

@testable import WebhooksServer

/// Endpoints that are disabled, by hand or by the dispatcher, and enabled again: each holds for the next message.
@Suite(.timeLimit(.minutes(2))) struct DisabledEndpointTests {
    /// Answers that change.
    private final class Answering: Sendable {
        let status = Atomic(204)

        func answer(_ status: Int) { self.status.store(status, ordering: .sequentiallyConsistent) }

        func store() async throws -> DispatchingStore {
            try await DispatchingStore { [self] request in
                request.target == "/kept" ? .status(status.load(ordering: .sequentiallyConsistent)) : .noContent
            }
        }
    }

    private static let since = #"{"since":"\#(Timestamp.now - .seconds(600))"}"#

    private static func make(_ store: DispatchingStore, _ more: String = "") async throws -> String {
        let body = #"{"url":"\#(store.receiver.url)/kept","uid":"kept"\#(more)}"#
        let made = await store.served.send("POST", "/app/a/endpoint", body)
        return try #require(made["id"], "\(made.text)")
    }

    private static func message(_ store: DispatchingStore) async throws -> String {
        let sent = await store.served.send("POST", "/app/a/msg", #"{"eventType":"x","payload":{}}"#)
        return try #require(sent["id"], "\(sent.text)")
    }

    private static func disable(_ isDisabled: Bool, _ id: String, _ store: DispatchingStore) async {
        let changed = await store.served.send("PATCH", "/app/a/endpoint/\(id)", #"{"disabled":\#(isDisabled)}"#)
        #expect(changed.status == 200 && changed["disabled"] == "\(isDisabled)", "\(changed.text)")
        #expect(changed["disabledReason"] == (isDisabled ? "manual" : nil), "\(changed.text)")
    }

    /// What an endpoint got of a message, as it is listed; `nil`: it isn't.
    private static func standing(
        _ message: String,
        _ id: String,
        _ store: DispatchingStore,
        expanded: Bool = true
    ) async -> JSONValue? {
        let path = "/app/a/msg/\(message)/endpoint\(expanded ? "?expanded_statuses=true" : "")"
        return await store.served.send("GET", path).json?["data"]?.array?.first { $0["id"]?.string == id }
    }

    private static func deliveries(_ id: String, _ store: DispatchingStore) async throws -> [Delivery] {
        var query = DeliveryQuery()
        query.subscription = id
        return try await store.served.dispatcher.deliveries(query)
    }

    @Test(arguments: [true, false])
    func `disabling and enabling hold for the next message`(ofFile: Bool) async throws {
        let store = try await Answering().store()
        let id = ofFile ? EndpointID.of("one") : try await Self.make(store)
        for _ in 0..<20 {
            await Self.disable(true, id, store)
            let missed = try await Self.message(store)
            await Self.disable(false, id, store)
            let sent = try await Self.message(store)
            try await store.settle()
            #expect(await Self.standing(missed, id, store)?["statusText"]?.string == "canceled")
            #expect(await Self.standing(sent, id, store)?["statusText"]?.string == "success")
        }
        try await store.stop()
    }

    @Test(arguments: [true, false])
    func `one that answered 410 gets the next message once it is enabled`(byReplacement: Bool) async throws {
        let answering = Answering()
        let store = try await answering.store()
        let id = try await Self.make(store)
        for _ in 0..<10 {
            answering.answer(410)
            _ = try await Self.message(store)
            try await store.settle()
            #expect(await store.served.send("GET", "/app/a/endpoint/\(id)")["disabledReason"] == "gone")
            // What says nothing about it leaves it as it is.
            let described = await store.served.send("PATCH", "/app/a/endpoint/\(id)", #"{"description":"d"}"#)
            #expect(described["disabledReason"] == "gone", "\(described.text)")
            answering.answer(204)
            if byReplacement {
                let whole = #"{"url":"\#(store.receiver.url)/kept","uid":"kept"}"#
                #expect(await store.served.send("PUT", "/app/a/endpoint/\(id)", whole)["disabled"] == "false")
            } else {
                await Self.disable(false, id, store)
            }
            let sent = try await Self.message(store)
            try await store.settle()
            #expect(await Self.standing(sent, id, store)?["statusText"]?.string == "success")
        }
        // By hand from then on.
        answering.answer(410)
        _ = try await Self.message(store)
        try await store.settle()
        await Self.disable(true, id, store)
        #expect(await store.served.send("GET", "/app/a/endpoint/\(id)")["disabledReason"] == "manual")
        try await store.stop()
    }

    @Test func `what a disabled endpoint misses is listed as cancelled, and comes by replay-missing`() async throws {
        let store = try await Answering().store()
        let id = try await Self.make(store, #","disabled":true"#)
        let message = try await Self.message(store)
        try await store.settle()
        let missed = try #require(await Self.standing(message, id, store))
        #expect(missed["status"]?.raw.text == "4" && missed["nextAttempt"]?.isNull == true, "\(missed.raw.text)")
        let short = await Self.standing(message, id, store, expanded: false)
        #expect(short?["status"]?.raw.text == "2" && short?["disabled"]?.raw.text == "true")
        #expect(await store.served.send("GET", "/app/a/attempt/endpoint/\(id)").ids().isEmpty)
        #expect(await store.served.send("GET", "/app/a/endpoint/\(id)/msg").ids() == [message])
        #expect(await store.served.send("GET", "/app/a/endpoint/\(id)/stats")["canceled"] == "1")
        let delivery = try #require(try await Self.deliveries(id, store).first)
        #expect(delivery.state == .cancelled && delivery.lastError == .disabled)
        await Self.disable(false, id, store)
        let begun = await store.served.send("POST", "/app/a/endpoint/\(id)/replay-missing", Self.since)
        #expect(try await store.ended(begun)["data", "messagesSent"] == "1")
        try await store.settle()
        #expect(await Self.standing(message, id, store)?["statusText"]?.string == "success")
        try await store.stop()
    }

    @Test func `what waits for its retry is cancelled, and nothing is wrong`() async throws {
        let answering = Answering()
        let store = try await answering.store()
        answering.answer(500)
        let id = try await Self.make(store)
        let message = try await Self.message(store)
        while try await Self.deliveries(id, store).first?.state != .waiting { await Task.yield() }
        await Self.disable(true, id, store)
        try await store.settle()
        #expect(await Self.standing(message, id, store)?["statusText"]?.string == "canceled")
        let delivery = try #require(try await Self.deliveries(id, store).first)
        #expect(delivery.lastError == .disabled && delivery.attempts == 1)
        let configured = [(name: "one", isEnabled: true), (name: "two", isEnabled: true)]
        let log = store.served.dispatcher.log
        let status = try await log.status(configured: configured)
        let reasons = status.holds.filter { $0.subscription == id }.map(\.reason)
        #expect(reasons.count == 1, "\(reasons)")
        if case .disabled(let disabled)? = reasons.first { #expect(disabled.cause == .manual) } else { Issue.record() }
        #expect(status.problems.isEmpty, "\(status.problems)")
        let overview = try await log.overview(of: configured).first { $0.name == id }
        #expect(overview?.obstacle?.disabled?.cause == .manual)
        try await store.stop()
    }

    @Test func `it is the same flag for the command line and for the library`() async throws {
        let store = try await Answering().store()
        let id = try await Self.make(store, #","disabled":true"#)
        let dispatcher = store.served.dispatcher
        func isDisabled() async -> [String?] {
            let endpoint = await store.served.send("GET", "/app/a/endpoint/\(id)")
            let kept = try? await dispatcher.storedSubscriptions.get(id)?.draft.isEnabled
            return [endpoint["disabled"], endpoint["disabledReason"], kept.map { "\($0)" }]
        }
        #expect(await isDisabled() == ["true", "manual", "false"])
        #expect(try await dispatcher.administration.setEnabled(true, subscription: id)?.cause == .manual)
        #expect(await isDisabled() == ["false", nil, nil])
        try await dispatcher.administration.setEnabled(false, subscription: id)
        #expect(await isDisabled() == ["true", "manual", "false"])
        try await dispatcher.storedSubscriptions.update(id) { $0.isEnabled = true }
        #expect(await isDisabled() == ["false", nil, nil])
        try await dispatcher.storedSubscriptions.update(id) { $0.isEnabled = false }
        try await dispatcher.storedSubscriptions.update(id) { $0.title = "t" }
        #expect(await isDisabled() == ["true", "manual", "false"])
        try await store.stop()
    }

    @Test func `a host's own call holds for its next event`() async throws {
        let store = try await Answering().store()
        let dispatcher = store.served.dispatcher
        for number in 0..<20 {
            try await dispatcher.administration.setEnabled(false, subscription: "one")
            try await dispatcher.emit(Event(topic: "x", data: "{}", id: "missed-\(number)", tenant: "a"))
            try await dispatcher.administration.setEnabled(true, subscription: "one")
            try await dispatcher.emit(Event(topic: "x", data: "{}", id: "sent-\(number)", tenant: "a"))
            try await store.settle()
        }
        let deliveries = try await Self.deliveries("one", store)
        #expect(deliveries.count == 40)
        #expect(deliveries.filter { $0.state == .delivered }.allSatisfy { $0.event.hasPrefix("sent-") })
        #expect(deliveries.count { $0.state == .delivered } == 20)
        try await store.stop()
    }
}
