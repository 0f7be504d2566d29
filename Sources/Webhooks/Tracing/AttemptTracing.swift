internal import Tracing
internal import WebhookCore

/// Makes a span of each attempt, by swift-distributed-tracing.
///
/// A span begins a trace of its own and is linked to the event's: an attempt may come hours after its event, and many belong to one.
/// The attributes are OpenTelemetry's, for HTTP clients and for messaging.
struct AttemptTracing: AttemptTracer {
    private let tracer: any Tracer

    /// - Parameter tracer: `nil`: the process's.
    /// - Returns: `nil` where nobody traces.
    init?(_ tracer: (any Tracer)?) {
        let tracer = tracer ?? InstrumentationSystem.tracer
        if tracer is NoOpTracer { return nil }
        self.tracer = tracer
    }

    func begin(_ attempt: TracedAttempt) -> any AttemptSpan { Self.begin(attempt, by: tracer) }

    private static func begin<T: Tracer>(_ attempt: TracedAttempt, by tracer: T) -> any AttemptSpan {
        let span = tracer.startSpan("send \(attempt.subscription)", context: .topLevel, ofKind: .client)
        if let trace = attempt.event.trace {
            var context = ServiceContext.topLevel
            tracer.extract(TraceCarrier(trace), into: &context, using: TraceCarrier.Access())
            if !context.isEmpty { span.addLink(SpanLink(context: context, attributes: [:])) }
        }
        if span.isRecording { span.updateAttributes { $0.describe(attempt) } }
        return TracedSpan(tracer: tracer, span: span)
    }
}

private struct TracedSpan<T: Tracer>: AttemptSpan {
    let tracer: T
    let span: T.Span

    var context: TraceContext? {
        var carrier = TraceCarrier()
        tracer.inject(span.context, into: &carrier, using: TraceCarrier.Access())
        return carrier.context
    }

    func end(_ result: TransportResult) {
        if span.isRecording { span.updateAttributes { $0.describe(result) } }
        switch result.ending {
        case .responded(200..<300): break
        case .responded(let status): span.setStatus(SpanStatus(code: .error, message: "status \(status)"))
        case .failed(let kind, let detail):
            span.setStatus(SpanStatus(code: .error, message: "\(kind.rawValue): \(detail)"))
        }
        span.end()
    }
}

extension SpanAttributes {
    /// Describes what is known before the request. URLs as they may be shown, no body, no tenant.
    fileprivate mutating func describe(_ attempt: TracedAttempt) {
        self["http.request.method"] = "POST"
        if attempt.number > 1 { self["http.request.resend_count"] = attempt.number - 1 }
        self["url.full"] = attempt.url.display
        self["server.address"] = attempt.url.host
        self["server.port"] = Int(attempt.url.port)
        self["messaging.system"] = "webhooks"
        self["messaging.operation.name"] = "send"
        self["messaging.operation.type"] = "send"
        self["messaging.destination.name"] = attempt.subscription
        self["messaging.message.id"] = attempt.event.id
        self["messaging.message.body.size"] = attempt.bodySize
        self["webhooks.topic"] = attempt.event.topic
        if let delivery = attempt.delivery { self["webhooks.delivery"] = delivery.description }
        self["webhooks.attempt"] = attempt.number
    }

    /// Describes what is known afterwards.
    fileprivate mutating func describe(_ result: TransportResult) {
        switch result.ending {
        case .responded(let status):
            self["http.response.status_code"] = status
            if !(200..<300).contains(status) { self["error.type"] = String(status) }
        case .failed(let kind, _): self["error.type"] = kind.rawValue
        }
        if let version = result.httpVersion { self["network.protocol.version"] = version }
    }
}
