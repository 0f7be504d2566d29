import Testing
import WebhookCore
import WebhooksSQLite

@testable import Webhooks

@Suite("Waiting for the dispatcher's lock") struct LockWaitTests {
    private typealias Refusal = (holder: LockHolder?, at: Duration)

    /// Tells whether each refusal is followed by another try.
    private func tries(_ role: DispatcherRole, isShared: Bool = false, _ refusals: [Refusal]) -> [Bool] {
        let start = ContinuousClock.now
        var wait = LockWait(role: role, isShared: isShared)
        return refusals.map { wait.triesAgain($0.holder, at: start + $0.at) }
    }

    private func emit(_ processID: Int32) -> LockHolder { .init(processID: processID, role: "emit") }

    @Test("Another run, and whoever is no run itself, is refused at once")
    func atOnce() {
        #expect(tries(.run, [(.init(processID: 7, role: "run"), .zero)]) == [false])
        for role in [DispatcherRole.emit, .test, .retrigger] {
            #expect(tries(role, [(emit(7), .zero)]) == [false])
            #expect(tries(role, [(nil, .zero)]) == [false])
        }
    }

    @Test("Where several may run, another run is not who has refused it: it is tried again, not for ever")
    func shared() {
        let limit = LockWait.unknownLimit
        let run = LockHolder(processID: 7, role: "run")
        let refusals: [Refusal] = [
            (emit(7), .zero), (run, .milliseconds(1)), (nil, limit), (run, limit + .milliseconds(1)),
        ]
        #expect(tries(.run, isShared: true, refusals) == [true, true, true, false])
        #expect(tries(.emit, isShared: true, [(run, .zero)]) == [false])
    }

    @Test("Who doesn't say who it is is waited for briefly")
    func unknown() {
        let limit = LockWait.unknownLimit
        #expect(tries(.run, [(nil, .zero), (nil, limit - .milliseconds(1)), (nil, limit)]) == [true, true, false])
    }

    @Test("One command after the other is waited for, a single one not for ever")
    func commands() {
        let limit = LockWait.commandLimit
        let refusals = (0..<5).flatMap { (number: Int32) -> [Refusal] in
            let start = limit * Int(number)
            return [(emit(1 + number), start), (emit(1 + number), start + limit - .milliseconds(1))]
        }
        #expect(tries(.run, refusals) == Array(repeating: true, count: 10))
        #expect(tries(.run, refusals + [(emit(5), limit * 5)]).last == false)
    }

    @Test("A holder that becomes known or unknown begins the wait again")
    func changes() {
        let limit = LockWait.unknownLimit
        let refusals: [Refusal] = [(nil, .zero), (emit(7), limit), (nil, limit * 2), (nil, limit * 3)]
        #expect(tries(.run, refusals) == [true, true, true, false])
    }
}
