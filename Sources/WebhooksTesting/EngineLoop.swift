internal import WebhookCore
internal import WebhookEngine
internal import WebhookInMemory

/// An engine with its edge: a store in memory, a clock that stands still, and receivers that answer as they are told.
/// Everything happens within the call.
struct EngineLoop {
    let store: InMemoryStore
    let clock: VirtualClock
    private let engineClock: EngineClock
    private let snapshot: ConfigurationSnapshot
    private var engine: DeliveryEngine
    /// Responses on their way, by the time of their arrival on the monotonic clock; those of one time in their order.
    private var responses: [(at: Timestamp, attempt: FinishedAttempt)] = []
    private var wakeAt: Timestamp?
    private var replies: [UInt64: Result<AcceptanceResult, StoreError>] = [:]
    private var lastToken: UInt64 = 0

    /// The requests so far, in their order.
    var requests: [TestRequest] = []
    var receivers: [String: ScriptedReceiver] = [:]

    /// Retries are made exactly on schedule: jitter is a share of a random number, and this is it.
    private struct NoJitter: RandomNumberGenerator {
        mutating func next() -> UInt64 { 0 }
    }

    init(_ snapshot: ConfigurationSnapshot, clock: VirtualClock) {
        self.snapshot = snapshot
        self.clock = clock
        engineClock = EngineClock(clock)
        store = InMemoryStore(clock: clock)
        engine = DeliveryEngine(settings: EngineSettings(), targets: snapshot.targets, random: NoJitter())
        process { engine, time in engine.start(at: time) }
    }

    /// Accepts events, in their order and in one transaction.
    mutating func emit(_ events: [Event]) -> [Result<AcceptanceResult, StoreError>] {
        let now = engineClock.now.certain
        let requests = events.map { event in
            lastToken += 1
            let deliveries = event.isDue(at: now) ? snapshot.prepare(event, target: nil) : nil
            return EmitRequest(token: lastToken, event: event, deliveries: deliveries)
        }
        process { engine, time in engine.emit(requests, at: time) }
        return requests.map { replies.removeValue(forKey: $0.token) ?? .failure(StoreError(.unavailable, "no answer")) }
    }

    /// Takes notice of what was changed in the store beside the engine.
    mutating func noticeChanges() {
        process { engine, time in engine.externalWrites(at: time) }
    }

    /// Lets time pass, and does what is due on the way, each at its time.
    mutating func advance(by duration: Duration) {
        let end = engineClock.monotonic + duration
        while let next = nextTime, next <= end {
            move(to: next)
            runDue()
        }
        move(to: end)
    }

    /// The next time at which something happens.
    private var nextTime: Timestamp? { [wakeAt, responses.first?.at].compactMap(\.self).min() }

    private func move(to time: Timestamp) {
        clock.advance(by: .milliseconds(max(0, time.milliseconds - engineClock.monotonic.milliseconds)))
    }

    /// Gives the engine an input, and does what it wants done until nothing more is due now.
    private mutating func process(_ input: (inout DeliveryEngine, EngineTime) -> Void) {
        input(&engine, engineClock.now)
        carryOut()
        while let next = nextTime, next <= engineClock.monotonic { runDue() }
    }

    private mutating func runDue() {
        let now = engineClock.now
        if let response = responses.first, response.at <= now.monotonic {
            responses.removeFirst()
            engine.finished([response.attempt], at: now)
        } else {
            wakeAt = nil
            engine.tick(at: now)
        }
        carryOut()
    }

    private mutating func carryOut() {
        while true {
            let actions = engine.takeActions()
            wakeAt = actions.wakeAt
            guard actions.isPressing else { return }
            for send in actions.sends { self.send(send) }
            for reply in actions.replies { replies[reply.token] = reply.result }
            for event in actions.fanOuts + actions.largeFanOuts {
                let deliveries = snapshot.prepare(event.event, target: event.target)
                engine.fannedOut(event, deliveries: deliveries, at: engineClock.now)
            }
            if actions.wantsCommit { commit() }
        }
    }

    private mutating func commit() {
        guard let batch = engine.takeBatch() else { return engine.committed([], at: engineClock.now) }
        switch store.commitNow(batch) {
        case .success(let result): engine.committed([result], at: engineClock.now)
        case .failure(let error): engine.commitFailed(error, at: engineClock.now)
        }
    }

    private mutating func send(_ send: SendAction) {
        let (subscription, context) = (send.target.subscription, send.context)
        do throws(RenderingError) {
            let prepared = try send.target.requests.request(for: context, body: send.body)
            requests.append(
                TestRequest(
                    subscription: subscription.name,
                    eventID: context.event.id,
                    topic: context.event.topic,
                    attempt: context.attempt,
                    sentAt: engineClock.now.wall,
                    url: prepared.request.url.reveal(),
                    headers: prepared.request.headers,
                    body: prepared.request.body
                )
            )
            let (response, latency) = receivers[subscription.name, default: ScriptedReceiver()].next()
            let exchange = response.exchange(latency: latency, timeout: prepared.request.timeout)
            let finished = FinishedAttempt(
                token: send.token,
                result: exchange.result,
                url: subscription.url.display,
                requestHeaders: prepared.redactedHeaders
            )
            let time = engineClock.monotonic + exchange.duration
            let position = responses.firstIndex { $0.at > time } ?? responses.endIndex
            responses.insert((time, finished), at: position)
        } catch {
            engine.requestFailed(send.token, error, at: engineClock.now)
        }
    }
}

/// The responses of a subscription's receiver, in their order; the last one for good.
struct ScriptedReceiver {
    private var responses: ArraySlice<EndpointResponse> = [.ok]
    private var latency = Duration.zero

    init() {}

    init(_ responses: [EndpointResponse], latency: Duration) {
        self.responses = responses.isEmpty ? [.ok] : responses[...]
        self.latency = latency
    }

    mutating func next() -> (EndpointResponse, Duration) {
        let response = responses.first ?? .ok
        if responses.count > 1 { responses.removeFirst() }
        return (response, latency)
    }
}
