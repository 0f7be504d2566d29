import Foundation
import Synchronization
import Testing
import WebhookCore

@testable import CurlTransport

@Suite struct ResolverTests {
    private typealias State = ResolverState<String>
    private let now = MonotonicTime(nanoseconds: 1_000_000_000)
    private let address = IPAddress.v4(0x0102_0304)

    private func request(_ state: inout State, _ host: String, _ ticket: UInt64, at time: MonotonicTime? = nil)
        -> State.Admission
    {
        state.request(host, ticket: ticket, waiter: "\(host)-\(ticket)", now: time ?? now)
    }

    @Test func oneLookupPerName() {
        var state = State(limits: ResolverLimits())
        guard case .wait(needsThread: true) = request(&state, "a", 1) else { return #expect(Bool(false)) }
        guard case .wait(needsThread: false) = request(&state, "a", 2) else { return #expect(Bool(false)) }
        #expect(state.nextName()?.host == "a")
        #expect(state.nextName() == nil)
        guard case .wait(needsThread: false) = request(&state, "a", 3) else { return #expect(Bool(false)) }
        #expect(state.giveUp("a", ticket: 2) == "a-2")
        let waiters = state.finish("a", isProven: false, answer: .success([address]), now: now)
        #expect(waiters.sorted() == ["a-1", "a-3"])
        #expect(state.giveUp("a", ticket: 1) == nil)
    }

    @Test func answersAndFailuresAgeApart() {
        var state = State(limits: ResolverLimits(positiveAge: .seconds(20), negativeAge: .seconds(1)))
        _ = request(&state, "good", 1)
        _ = request(&state, "bad", 2)
        _ = (state.nextName(), state.nextName())
        _ = state.finish("good", isProven: false, answer: .success([address]), now: now)
        _ = state.finish("bad", isProven: false, answer: .failure(.notFound), now: now)
        guard case .answer(.success) = request(&state, "good", 3, at: now + .seconds(19)) else {
            return #expect(Bool(false))
        }
        guard case .answer(.failure) = request(&state, "bad", 4, at: now + .milliseconds(999)) else {
            return #expect(Bool(false))
        }
        guard case .wait = request(&state, "good", 5, at: now + .seconds(20)) else { return #expect(Bool(false)) }
        guard case .wait = request(&state, "bad", 6, at: now + .seconds(1)) else { return #expect(Bool(false)) }
        // The one that had an answer goes first, though it came with the other.
        let next = state.nextName()
        #expect(next?.host == "good" && next?.isProven == true)
    }

    @Test func silentNamesLeaveThreadsToOthers() {
        var state = State(limits: ResolverLimits(threads: 4, threadsForUnprovenNames: 2))
        for index in 0..<4 { _ = request(&state, "n\(index)", UInt64(index)) }
        #expect(state.nextName() != nil && state.nextName() != nil)
        #expect(state.nextName() == nil)
        _ = state.finish("n0", isProven: false, answer: .failure(.unavailable), now: now)
        #expect(state.nextName()?.host == "n2")
    }

    @Test func namesThatNobodyWaitsForAreSkipped() {
        var state = State(limits: ResolverLimits())
        _ = request(&state, "gone", 1)
        _ = request(&state, "kept", 2)
        #expect(state.giveUp("gone", ticket: 1) != nil)
        #expect(state.nextName()?.host == "kept")
        #expect(state.nextName() == nil)
    }

    @Test func theQueueIsBounded() {
        var state = State(limits: ResolverLimits(queuedNames: 2))
        _ = request(&state, "a", 1)
        _ = request(&state, "b", 2)
        guard case .answer(.failure(.busy)) = request(&state, "c", 3) else { return #expect(Bool(false)) }
    }

    @Test func manySilentNamesDoNotHoldUpTheTransport() async throws {
        let gate = DispatchSemaphore(value: 0)
        let resolver = SystemResolver(limits: ResolverLimits(threads: 2)) { _ in
            gate.wait()
            return .failure(.notFound)
        }
        let server = try RawServer.answering(RawServer.ok)
        let transport = try CurlTransport(resolver: resolver)
        async let silent = transport.results(
            of: (0..<2_000).map { .to(80, host: "n\($0).test", timeout: .milliseconds(400)) }
        )
        for _ in 0..<20 { #expect(await transport.result(of: .to(server.port)).status == 200) }
        #expect(await silent.allSatisfy { $0.error == .dns && !$0.requestLeft })
        for _ in 0..<2 { gate.signal() }
    }

    @Test func localhostResolves() async throws {
        let answer = Handover<Result<[IPAddress], ResolutionError>>()
        let resolver = SystemResolver()
        resolver.resolve("localhost", timeout: .seconds(10)) { answer.give($0) }
        let addresses = try #require(await answer.take()).get()
        #expect(addresses.contains(.v4(0x7F00_0001)) || addresses.contains(.v6(0, 1)))
    }
}
