import GRDB
import Testing
import Tracing
import WebhookCore
import WebhookReceiver
import WebhookSimulation

@testable import Webhooks

@Suite("Tracing", .timeLimit(.minutes(2)))
struct TracingTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let parent = "00-\(trace)-00f067aa0ba902b7-01"

    /// The context of a request that a host serves.
    private var request: ServiceContext {
        var context = ServiceContext.topLevel
        context[MemoryTracer.Key.self] = .init(trace: Self.trace, span: "00f067aa0ba902b7", state: "vendor=1")
        return context
    }

    private func dispatcher(
        _ workspace: TestEnvironment,
        _ receiver: Receiver,
        _ tracer: MemoryTracer?,
        delivery: String = "{}"
    ) async throws -> WebhookDispatcher {
        try workspace.write(
            """
            store: sqlite:store/webhooks.sqlite
            egress: { allow: ["127.0.0.0/8"] }
            defaults: { secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw], delivery: \(delivery) }
            subscriptions:
              - { name: asks, url: "\(receiver.url)/asks", topics: [a.b], traceparent: true }
              - { name: plain, url: "\(receiver.url)/plain", topics: [a.b] }
            """,
            to: "webhooks.yaml"
        )
        return try await WebhookDispatcher(configuration: workspace.configuration, tracer: tracer)
    }

    @Test(
        "An event carries its trace, each attempt is a span linked to it, and a receiver that asks gets that"
    )
    func linked() async throws {
        let tracer = MemoryTracer()
        let receiver = try Receiver { $0.target == "/plain" ? .status(503) : .noContent }
        let workspace = try TestEnvironment()
        let delivery = "{ schedule: [0s], jitter: 0% }"
        let dispatcher = try await dispatcher(workspace, receiver, tracer, delivery: delivery)
        _ = try await ServiceContext.withValue(request) {
            try await dispatcher.emit(Event(topic: "a.b", data: "{}", id: "first"))
        }
        try await dispatcher.run(until: .settled)

        let spans = tracer.spans
        #expect(spans.map(\.operationName).sorted() == ["send asks", "send plain", "send plain"])
        #expect(spans.allSatisfy { $0.ends == 1 && $0.kind == .client })
        for span in spans {
            #expect(span.links.map(\.traceparent) == [Self.parent] && span.links.first?.state == "vendor=1")
            #expect(span.identity?.trace != Self.trace, "a trace of its own")
        }
        let asks = try #require(spans.first { $0.operationName == "send asks" })
        #expect(asks.status == nil)
        func text(_ span: MemoryTracer.MemorySpan, _ name: String) -> String? {
            span.attributes.get(name).map { "\($0)" }
        }
        #expect(text(asks, "http.request.method") == #"string("POST")"#)
        #expect(text(asks, "http.response.status_code") == "int64(204)")
        #expect(text(asks, "messaging.message.id") == #"string("first")"#)
        #expect(text(asks, "messaging.destination.name") == #"string("asks")"#)
        #expect(text(asks, "server.address") == #"string("127.0.0.1")"#)
        let plain = spans.filter { $0.operationName == "send plain" }
        #expect(plain.allSatisfy { $0.status?.code == .error && text($0, "error.type") == #"string("503")"# })
        #expect(plain.compactMap { text($0, "http.request.resend_count") } == ["int64(1)"])

        let sent = try #require(receiver.requests.first { $0.target == "/asks" })
        #expect(sent.header("traceparent") == asks.identity?.traceparent)
        #expect(sent.header("tracestate") == nil, "the attempt's trace is another")
        #expect(receiver.requests.filter { $0.target == "/plain" }.allSatisfy { $0.header("traceparent") == nil })
        // What was sent is on record, and the signature is as it would be without.
        let row = try #require(try await dispatcher.deliveries(DeliveryQuery()).first { $0.subscription == "asks" })
        let attempt = try #require(try await dispatcher.attempts(of: row.id).first)
        #expect(attempt.requestHeaders.contains(HTTPHeader("traceparent", sent.header("traceparent") ?? "")))
        #expect(attempt.requestHeaders.last?.name == "Content-Length")
        let check = SignatureCheck(
            secret: Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
            profiles: TopicCatalog().profiles
        )
        #expect("\(check.verdict(headers: sent.headers, body: sent.body))".contains("valid"))
    }

    @Test("Where nobody traces, nothing is added; but an event that carries a trace passes it on to who asks")
    func passedOn() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let workspace = try TestEnvironment()
        let emitting = try await dispatcher(workspace, receiver, MemoryTracer())
        let delivering = try await dispatcher(workspace, receiver, nil)
        try await delivering.emit(Event(topic: "a.b", data: "{}", id: "bare"))
        _ = try await ServiceContext.withValue(request) {
            try await emitting.emit([Event(topic: "a.b", data: "{}", id: "traced")])
            try await delivering.emit(Event(topic: "a.b", data: "{}", id: "untraced"))
        }
        try await delivering.run(until: .settled)
        func headers(_ id: String, _ name: String) -> [String] {
            receiver.requests.filter { $0.header("webhook-id") == id }.compactMap { $0.header(name) }
        }
        #expect(headers("traced", "traceparent") == [Self.parent] && headers("traced", "tracestate") == ["vendor=1"])
        #expect(headers("bare", "traceparent").isEmpty && headers("untraced", "traceparent").isEmpty)
        #expect(headers("traced", "baggage").isEmpty, "nothing else is carried")
        let host = try DatabaseQueue(path: workspace.folder + "/store/webhooks.sqlite")
        let stored = try await host.read { db in
            try Row.fetchAll(db, sql: "SELECT event_id, trace FROM webhooks_events ORDER BY event_id")
                .map { "\($0[0] as String) \($0[1] as String? ?? "none")" }
        }
        #expect(stored == ["bare none", "traced \(Self.parent) vendor=1", "untraced none"])
    }

    @Test("What is no trace context is not carried: another format, too long, with what a header can't hold")
    func bounds() throws {
        #expect(TraceContext(traceparent: Self.parent)?.headers == [HTTPHeader("traceparent", Self.parent)])
        #expect(TraceContext(traceparent: "cc" + Self.parent.dropFirst(2)) != nil, "a later version")
        let zeros = String(repeating: "0", count: 32)
        for bad in [
            "", "00", "ff" + Self.parent.dropFirst(2), Self.parent.uppercased(), Self.parent + "-x",
            Self.parent + "\r\nX: y",
            " " + Self.parent, "00-\(zeros)-00f067aa0ba902b7-01", "00-\(Self.trace)-0000000000000000-01",
            "00-\(Self.trace)-00f067aa0ba902b7", "00-\(Self.trace)-00f067aa0ba902bé-01",
        ] { #expect(TraceContext(traceparent: String(bad)) == nil, "\(bad)") }
        for state in ["", String(repeating: "a", count: 513), "a=b\r\nX: y", " a=b", "é=1"] {
            let context = try #require(TraceContext(traceparent: Self.parent, tracestate: state))
            #expect(context.tracestate == nil && context.stored == Self.parent)
        }
        let longest = String(repeating: "a", count: 512)
        let whole = try #require(TraceContext(traceparent: Self.parent, tracestate: longest))
        #expect(whole.tracestate == longest && TraceContext(stored: whole.stored) == whole)
        #expect(TraceContext(stored: "what somebody wrote") == nil)
    }
}
