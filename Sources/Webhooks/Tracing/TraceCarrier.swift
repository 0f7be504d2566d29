package import Tracing
package import WebhookCore

/// The two fields of W3C's Trace Context, for a tracer to write and read.
struct TraceCarrier: Sendable {
    var traceparent: String?
    var tracestate: String?

    init() {}

    init(_ context: TraceContext) { (traceparent, tracestate) = (context.traceparent, context.tracestate) }

    /// `nil` where nothing valid was written.
    var context: TraceContext? {
        traceparent.flatMap { TraceContext(traceparent: $0, tracestate: tracestate) }
    }

    /// Writes and reads the fields; whatever else a tracer propagates is not carried.
    struct Access: Injector, Extractor {
        func inject(_ value: String, forKey key: String, into carrier: inout TraceCarrier) {
            switch key.lowercased() {
            case "traceparent": carrier.traceparent = value
            case "tracestate": carrier.tracestate = value
            default: break
            }
        }

        func extract(key: String, from carrier: TraceCarrier) -> String? {
            switch key.lowercased() {
            case "traceparent": carrier.traceparent
            case "tracestate": carrier.tracestate
            default: nil
            }
        }
    }
}

extension TraceContext {
    /// The context of the task that emits; `nil` where it is in no trace. Costs next to nothing then.
    ///
    /// - Parameter tracer: `nil`: the process's.
    static func current(by tracer: (any Tracer)?) -> TraceContext? {
        guard let context = ServiceContext.current, !context.isEmpty else { return nil }
        let instrument: any Instrument = tracer ?? InstrumentationSystem.instrument
        var carrier = TraceCarrier()
        instrument.inject(context, into: &carrier, using: TraceCarrier.Access())
        return carrier.context
    }
}

extension Event {
    /// The event with the trace that it is emitted in.
    private func traced(by tracer: (any Tracer)?) -> Event {
        guard let trace = TraceContext.current(by: tracer) else { return self }
        var event = self
        event.trace = trace
        return event
    }

    /// The event as it is emitted now: with its trace, and the time at which it is due.
    ///
    /// - Parameter tracer: `nil`: the process's.
    package func emittedNow(by tracer: (any Tracer)? = nil) -> Event { traced(by: tracer).emitted(at: .now) }
}

extension WebhookDispatcher {
    /// An event as it is emitted now; see ``Event/emittedNow(by:)``.
    package func emittedNow(_ event: Event) -> Event { event.emittedNow(by: tracer) }
}
