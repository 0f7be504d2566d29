import Testing
import WebhookCore

@testable import WebhookTransport

@Suite struct ResolverStateTests {
    private typealias State = ResolverState<String>
    private let now = MonotonicTime(nanoseconds: 1_000_000_000)
    private let found = State.Answer.success([.v4(0x0102_0304)])

    private func request(
        _ state: inout State,
        _ host: String,
        isProven: Bool = false,
        _ ticket: UInt64 = 1,
        at time: MonotonicTime? = nil
    ) -> State.Admission {
        state.request(host, isProven: isProven, ticket: ticket, waiter: "\(host)-\(ticket)", now: time ?? now)
    }

    private func begin(_ state: inout State, at time: MonotonicTime? = nil) -> State.Lookup? {
        state.beginLookup(now: time ?? now)?.lookup
    }

    private func mustBegin(_ state: inout State, at time: MonotonicTime? = nil) throws -> State.Lookup {
        let lookup = begin(&state, at: time)
        return try #require(lookup)
    }

    /// Looks a name up, which takes so long; returns when it was done.
    private func lookUp(
        _ state: inout State,
        _ host: String,
        taking duration: Duration,
        _ answer: State.Answer,
        at time: MonotonicTime
    ) throws -> MonotonicTime {
        _ = request(&state, host, at: time)
        let lookup = try mustBegin(&state, at: time)
        #expect(lookup.host == host)
        _ = state.finish(lookup, answer: answer, now: time + duration)
        // Nothing is kept for longer than that.
        return time + duration + .seconds(30)
    }

    private func order(_ state: inout State, at time: MonotonicTime) -> [String] {
        var hosts: [String] = []
        while let lookup = begin(&state, at: time) { hosts.append(lookup.host) }
        return hosts
    }

    @Test func oneLookupPerName() throws {
        var state = State(limits: ResolverLimits())
        guard case .wait(needsThread: true, hasBegun: false) = request(&state, "a", 1) else {
            return #expect(Bool(false))
        }
        guard case .wait(needsThread: false, hasBegun: false) = request(&state, "a", 2) else {
            return #expect(Bool(false))
        }
        let begun = state.beginLookup(now: now)
        let (lookup, waiters) = try #require(begun)
        #expect(lookup.host == "a" && waiters == [1: "a-1", 2: "a-2"])
        let lookup1 = begin(&state)
        #expect(lookup1 == nil)
        guard case .wait(needsThread: false, hasBegun: true) = request(&state, "a", 3) else {
            return #expect(Bool(false))
        }
        let gaveUp = state.giveUp("a", ticket: 2)
        #expect(gaveUp == "a-2")
        let waiting = state.finish(lookup, answer: found, now: now)
        #expect(waiting.sorted() == ["a-1", "a-3"])
        let isGone = state.giveUp("a", ticket: 1) == nil
        #expect(isGone)
    }

    @Test func answersAndFailuresAgeApart() throws {
        var state = State(limits: ResolverLimits(positiveAge: .seconds(20), negativeAge: .seconds(1)))
        _ = request(&state, "good")
        _ = request(&state, "bad")
        let good = try mustBegin(&state)
        let bad = try mustBegin(&state)
        _ = state.finish(good, answer: found, now: now)
        _ = state.finish(bad, answer: .failure(.notFound), now: now)
        guard case .answer(.success) = request(&state, "good", at: now + .seconds(19)) else {
            return #expect(Bool(false))
        }
        guard case .answer(.failure) = request(&state, "bad", at: now + .milliseconds(999)) else {
            return #expect(Bool(false))
        }
        guard case .wait = request(&state, "bad", at: now + .seconds(1)) else { return #expect(Bool(false)) }
        guard case .wait = request(&state, "good", at: now + .seconds(20)) else { return #expect(Bool(false)) }
        // The one that had an answer goes first, though it came after the other.
        let order2 = order(&state, at: now + .seconds(20))
        #expect(order2 == ["good", "bad"])
    }

    @Test func slowNamesComeLast() throws {
        var state = State(limits: ResolverLimits())
        var time = now
        time = try lookUp(&state, "slow.a.test", taking: .seconds(10), .failure(.unavailable), at: time)
        // An address that takes as long costs a thread for as long.
        time = try lookUp(&state, "slow.b.test", taking: .seconds(5), found, at: time)
        time = try lookUp(&state, "absent.test", taking: .milliseconds(5), .failure(.notFound), at: time)
        time = try lookUp(&state, "proven.test", taking: .milliseconds(5), found, at: time)
        for host in ["slow.a.test", "slow.b.test", "new.test", "absent.test", "proven.test"] {
            _ = request(&state, host, at: time)
        }
        let hosts = order(&state, at: time)
        #expect(
            hosts == ["proven.test", "new.test", "absent.test", "slow.a.test", "slow.b.test"]
        )
    }

    @Test func aProvenNameIsForgivenTwice() throws {
        var state = State(limits: ResolverLimits())
        var time = try lookUp(&state, "proven.test", taking: .zero, found, at: now)
        let slow = try lookUp(&state, "slow.test", taking: .seconds(10), .failure(.unavailable), at: time)
        time = slow
        for failures in 1...3 {
            time = try lookUp(&state, "proven.test", taking: .seconds(10), .failure(.unavailable), at: time)
            var copy = state
            _ = request(&copy, "slow.test", at: time)
            _ = request(&copy, "proven.test", at: time)
            let order3 = order(&copy, at: time)
            #expect(order3 == (failures < 3 ? ["proven.test", "slow.test"] : ["slow.test", "proven.test"]))
        }
        // One answer in time, and all is forgiven.
        time = try lookUp(&state, "proven.test", taking: .zero, found, at: time)
        _ = request(&state, "new.test", at: time)
        _ = request(&state, "proven.test", at: time)
        let order4 = order(&state, at: time)
        #expect(order4 == ["proven.test", "new.test"])
    }

    @Test func endpointsThatTheStoreKnowsStartAsProven() throws {
        var state = State(limits: ResolverLimits())
        _ = request(&state, "new.test", 1)
        _ = request(&state, "shared.test", 2)
        _ = request(&state, "known.test", isProven: true, 3)
        // Another delivery to the name that waits, from somebody who knows it.
        _ = request(&state, "shared.test", isProven: true, 4)
        let order5 = order(&state, at: now)
        #expect(order5 == ["known.test", "shared.test", "new.test"])
    }

    @Test func threadsAreKeptForOthers() throws {
        var state = State(
            limits: ResolverLimits(threads: 8, threadsForUnprovenNames: 3, threadsForSlowNames: 1, threadsPerDomain: 8)
        )
        var time = now
        for index in 0..<3 {
            time = try lookUp(&state, "s\(index).test", taking: .seconds(10), .failure(.unavailable), at: time)
        }
        for index in 0..<3 { _ = request(&state, "s\(index).test", at: time) }
        let lookup6 = begin(&state, at: time)
        #expect(lookup6?.host == "s0.test")
        let lookup7 = begin(&state, at: time)
        #expect(lookup7 == nil)
        for index in 0..<4 { _ = request(&state, "n\(index).test", at: time) }
        let running = try mustBegin(&state, at: time)
        #expect(running.host == "n0.test")
        let lookup8 = begin(&state, at: time)
        #expect(lookup8?.host == "n1.test")
        let lookup9 = begin(&state, at: time)
        #expect(lookup9 == nil)
        _ = request(&state, "p.test", isProven: true, at: time)
        let lookup10 = begin(&state, at: time)
        #expect(lookup10?.host == "p.test")
        _ = state.finish(running, answer: found, now: time)
        let lookup11 = begin(&state, at: time)
        #expect(lookup11?.host == "n2.test")
    }

    @Test func oneDomainDoesNotTakeAllTheThreads() throws {
        var state = State(limits: ResolverLimits(threads: 16, threadsForUnprovenNames: 12, threadsPerDomain: 2))
        for index in 0..<20 { _ = request(&state, "n\(index).silent.test") }
        for index in 0..<2 { _ = request(&state, "n\(index).other.co.uk") }
        _ = request(&state, "third.co.uk")
        let first = try mustBegin(&state)
        let hosts = [first.host] + order(&state, at: now)
        #expect(
            hosts == [
                "n0.silent.test", "n0.other.co.uk", "third.co.uk", "n1.silent.test", "n1.other.co.uk",
            ]
        )
        _ = state.finish(first, answer: .failure(.unavailable), now: now + .seconds(10))
        let order12 = order(&state, at: now)
        #expect(order12 == ["n2.silent.test"])
    }

    @Test(arguments: [
        ("a.b.example.com", "example.com"), ("example.com", "example.com"), ("localhost", "localhost"),
        ("a.b.example.co.uk", "example.co.uk"), ("co.uk", "co.uk"), ("hooks.school.ac.at", "school.ac.at"),
        ("a.example.io", "example.io"), ("a.b.long.io", "long.io"), ("", ""), ("a.b.", "a.b."),
    ])
    func registrableDomains(_ host: String, _ domain: String) {
        #expect(RegistrableDomain.of(host) == domain)
    }

    @Test func withoutAThreadAllAreToldSo() {
        var state = State(limits: ResolverLimits())
        _ = request(&state, "a", 1)
        _ = request(&state, "b", isProven: true, 2)
        state.threadMissing()
        state.threadMissing()
        #expect(!state.hasThreads)
        let abandoned = state.abandonAll()
        #expect(abandoned.sorted() == ["a-1", "b-2"])
        let lookup13 = begin(&state)
        #expect(lookup13 == nil)
    }
}
