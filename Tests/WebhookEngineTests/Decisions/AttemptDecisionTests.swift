import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhookEngine

@Suite("What follows from an attempt")
struct AttemptDecisionTests {
    private let now = Timestamp(milliseconds: 1_000_000)

    private func decide(
        _ result: TransportResult,
        _ mode: DeliveryMode = .retry,
        number: Int = 1,
        free: Int = 0,
        interruptions: Int = 0,
        isTest: Bool = false
    ) -> AttemptDecision {
        var policy = DeliveryPolicy()
        policy.schedule = [.seconds(5), .seconds(60)]
        policy.jitter = 0
        let context = DecisionContext(
            mode: mode,
            number: number,
            uncountedAttempts: free,
            interruptions: interruptions,
            isTest: isTest,
            policy: policy,
            isSuccess: { (200...299).contains($0) }
        )
        return AttemptDecision.decide(result, context, now: now, wall: now, jitter: 0.5)
    }

    private func failure(_ error: FailureKind, left: Bool) -> TransportResult {
        TransportResult(ending: .failed(error, detail: ""), mayHaveBeenSent: left)
    }

    private func status(_ status: Int) -> TransportResult {
        TransportResult(ending: .responded(status: status), mayHaveBeenSent: true)
    }

    @Test("2xx delivers in both modes", arguments: [200, 201, 204, 299])
    func delivers(code: Int) {
        for mode in DeliveryMode.allCases {
            let decision = decide(status(code), mode)
            #expect(decision.next == .settled(.delivered))
            #expect(decision.outcome == .succeeded && decision.error == nil && decision.signal == .success)
        }
    }

    @Test("a redirect says that it was not followed; 304 is none")
    func redirects() {
        for code in [301, 302, 307, 308] { #expect(decide(status(code)).detail == "redirects are not followed") }
        for code in [304, 404, 503] { #expect(decide(status(code)).detail == nil) }
    }

    @Test("410 stops and disables, a test's 410 disables nothing")
    func gone() {
        for mode in DeliveryMode.allCases {
            let decision = decide(status(410), mode)
            #expect(decision.next == .settled(.failed) && decision.disables == .gone)
        }
        let test = decide(status(410), isTest: true)
        #expect(test.disables == nil && test.signal == .none)
    }

    @Test("other statuses and failures follow the schedule under retry", arguments: [301, 400, 404, 429, 500, 503])
    func statusesAreRetried(code: Int) {
        #expect(decide(status(code)).next == .waiting(until: now + .seconds(5)))
        #expect(decide(status(code), number: 2).next == .waiting(until: now + .seconds(60)))
        #expect(decide(status(code), number: 3).next == .settled(.failed))
        #expect(decide(status(code), .singleShot).next == .settled(.failed))
    }

    static let retried: [FailureKind] = [
        .dns, .connect, .tls, .blocked, .timeout, .disconnected, .protocolError, .responseTooLarge, .internal,
    ]

    @Test("every class of failure is retried, whatever left", arguments: retried, [true, false])
    func failuresAreRetried(error: FailureKind, left: Bool) {
        let decision = decide(failure(error, left: left))
        #expect(decision.next == .waiting(until: now + .seconds(5)))
        #expect(decision.error == error && decision.uncountedAttempts == 0)
        #expect(decision.signal == .failure(timedOut: error == .timeout))
    }

    @Test("single-shot fails where nothing left", arguments: retried)
    func singleShotFails(error: FailureKind) {
        #expect(decide(failure(error, left: false), .singleShot).next == .settled(.failed))
    }

    @Test("single-shot is unknown where it may have arrived", arguments: retried)
    func singleShotUnknown(error: FailureKind) {
        let unknown: Set<FailureKind> = [.timeout, .disconnected, .internal]
        let decision = decide(failure(error, left: true), .singleShot)
        #expect(decision.next == .settled(unknown.contains(error) ? .unknown : .failed))
        #expect(decision.outcome == (unknown.contains(error) ? .unknown : .failed))
    }

    @Test("an interruption uses up no step, ten times")
    func interruptions() {
        let first = decide(failure(.interrupted, left: true))
        #expect(first.next == .waiting(until: now) && first.uncountedAttempts == 1 && first.interruptions == 1)
        #expect(first.signal == .none && first.outcome == .unknown)
        let tenth = decide(failure(.interrupted, left: true), number: 10, free: 9, interruptions: 9)
        #expect(tenth.next == .waiting(until: now) && tenth.interruptions == 10)
        let eleventh = decide(failure(.interrupted, left: true), number: 11, free: 10, interruptions: 10)
        #expect(eleventh.next == .waiting(until: now + .seconds(5)) && eleventh.uncountedAttempts == 10)
    }

    @Test("an interrupted single-shot is unknown, unless nothing left")
    func interruptedSingleShot() {
        #expect(decide(failure(.interrupted, left: true), .singleShot).next == .settled(.unknown))
        #expect(decide(failure(.interrupted, left: false), .singleShot).next == .waiting(until: now))
    }

    @Test("a stale connection is tried again at once without a step")
    func stale() {
        let result = EndpointResponse.staleConnection.exchange(latency: .zero, timeout: .seconds(1)).result
        let decision = decide(result)
        #expect(decision.next == .waiting(until: now) && decision.needsFreshConnection)
        #expect(decision.uncountedAttempts == 1 && decision.interruptions == 0 && decision.signal == .none)
        let eleventh = decide(result, number: 11, free: 10)
        #expect(eleventh.next == .waiting(until: now + .seconds(5)))
        #expect(decide(result, .singleShot).next == .settled(.unknown))
    }

    @Test("Retry-After moves the next attempt later, never earlier")
    func retryAfter() {
        var result = status(503)
        result.headers = [HTTPHeader("RETRY-AFTER", "2")]
        #expect(decide(result).next == .waiting(until: now + .seconds(5)))
        result.headers = [HTTPHeader("Retry-After", "3600")]
        #expect(decide(result).next == .waiting(until: now + .seconds(3600)))
        result.headers = [HTTPHeader("Retry-After", "315360000")]
        #expect(decide(result).next == .waiting(until: now + .seconds(86_400)))
        #expect(decide(result, number: 3).next == .settled(.failed))
    }
}
