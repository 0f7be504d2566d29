import Synchronization
import Tracing

/// A tracer that keeps its spans, and propagates them as W3C's Trace Context.
final class MemoryTracer: Tracer {
    struct Identity: Hashable, Sendable {
        var trace: String
        var span: String
        var state: String?

        var traceparent: String { "00-\(trace)-\(span)-01" }
    }

    typealias Span = MemorySpan

    enum Key: ServiceContextKey {
        typealias Value = Identity
    }

    final class MemorySpan: Tracing.Span {
        private struct State {
            var name: String
            var attributes = SpanAttributes()
            var links: [SpanLink] = []
            var status: SpanStatus?
            var ends = 0
        }

        let context: ServiceContext
        let kind: SpanKind
        let isRecording = true
        private let state: Mutex<State>

        init(_ name: String, _ kind: SpanKind, _ context: ServiceContext) {
            (self.kind, self.context) = (kind, context)
            state = Mutex(State(name: name))
        }

        var identity: Identity? { context[Key.self] }
        var links: [Identity] { state.withLock { $0.links.compactMap { $0.context[Key.self] } } }
        var status: SpanStatus? { state.withLock { $0.status } }
        var ends: Int { state.withLock { $0.ends } }
        var operationName: String {
            get { state.withLock { $0.name } }
            set { state.withLock { $0.name = newValue } }
        }
        var attributes: SpanAttributes {
            get { state.withLock { $0.attributes } }
            set { state.withLock { $0.attributes = newValue } }
        }

        func setStatus(_ status: SpanStatus) { state.withLock { $0.status = status } }
        func addEvent(_ event: SpanEvent) {}
        func recordError<Instant: TracerInstant>(
            _ error: any Error,
            attributes: SpanAttributes,
            at instant: @autoclosure () -> Instant
        ) {}
        func addLink(_ link: SpanLink) { state.withLock { $0.links.append(link) } }
        func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) { state.withLock { $0.ends += 1 } }
    }

    private let made = Mutex<[MemorySpan]>([])

    var spans: [MemorySpan] { made.withLock(\.self) }

    func startSpan<Instant: TracerInstant>(
        _ operationName: String,
        context: @autoclosure () -> ServiceContext,
        ofKind kind: SpanKind,
        at instant: @autoclosure () -> Instant,
        function: String,
        file fileID: String,
        line: UInt
    ) -> MemorySpan {
        made.withLock { made in
            let number = String(made.count + 1)
            var own = context()
            let span = String(repeating: "0", count: 16 - number.count) + number
            let trace = own[Key.self]?.trace ?? String(repeating: "a", count: 16) + span
            own[Key.self] = Identity(trace: trace, span: span, state: own[Key.self]?.state)
            let new = MemorySpan(operationName, kind, own)
            made.append(new)
            return new
        }
    }

    func inject<Carrier, Inject: Injector>(
        _ context: ServiceContext,
        into carrier: inout Carrier,
        using injector: Inject
    )
    where Inject.Carrier == Carrier {
        guard let identity = context[Key.self] else { return }
        injector.inject(identity.traceparent, forKey: "traceparent", into: &carrier)
        if let state = identity.state { injector.inject(state, forKey: "tracestate", into: &carrier) }
        injector.inject("of no use here", forKey: "baggage", into: &carrier)
    }

    func extract<Carrier, Extract: Extractor>(
        _ carrier: Carrier,
        into context: inout ServiceContext,
        using extractor: Extract
    ) where Extract.Carrier == Carrier {
        guard let parent = extractor.extract(key: "traceparent", from: carrier) else { return }
        let parts = parent.split(separator: "-").map(String.init)
        let state = extractor.extract(key: "tracestate", from: carrier)
        context[Key.self] = Identity(trace: parts[1], span: parts[2], state: state)
    }

    func forceFlush() {}
}
