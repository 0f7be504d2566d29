import Foundation
import Testing
import WebhookCore

@testable import WebhookTransport

@Suite struct GraceTests {
    private let start = MonotonicTime(nanoseconds: 5_000_000_000)

    @Test func onlyALateLookGivesTime() {
        var grace = Grace()
        #expect(grace.look(now: start) == nil)
        #expect(grace.look(now: start + .milliseconds(90)) == nil)
        // It sleeps, and wakes before and after the time that it meant.
        grace.looksAgain(at: start + .seconds(15))
        #expect(grace.look(now: start + .seconds(9)) == nil)
        grace.looksAgain(at: start + .seconds(15))
        #expect(grace.look(now: start + .seconds(20)) == start + .seconds(21))
        #expect(grace.look(now: start + .seconds(20)) == nil)
        grace.give(until: start + .seconds(21), to: [4])
        #expect(grace.end == start + .seconds(21) && grace.takeOver(now: start + .seconds(20)) == [])
        #expect(grace.takeOver(now: start + .seconds(21)) == [4])
        #expect(grace.end == .distantFuture && grace.takeOver(now: start + .seconds(22)) == [])
    }

    /// A neighbour may keep the thread for longer than three times; without an end nobody waits for ever.
    @Test func anAttemptIsGivenItsOwnTimeAgainAtMost() {
        let order = TransportOrder(token: 1, request: .to(1, timeout: .seconds(15)))
        let exchange = Exchange(serial: 1, order: order, batch: ResultBatch { _ in }, now: start)
        var extensions = 0
        while exchange.mayBeExtended, extensions < 100 {
            extensions += 1
            exchange.extend(to: exchange.deadline + .seconds(1))
        }
        #expect(extensions == 15 && exchange.deadline == start + .seconds(30))
        exchange.extend(to: start)
        #expect(exchange.deadline == start + .seconds(30))
    }

    /// The shard's thread stands still past the timeout, as in a process that is stopped. The answer came before.
    @Test func anAnswerThatCameDuringAStopCounts() async throws {
        for patience in [Duration.milliseconds(500), .seconds(3), .seconds(15)] {
            let isThere = DispatchSemaphore(value: 0)
            let mayAnswer = DispatchSemaphore(value: 0)
            let isAnswered = DispatchSemaphore(value: 0)
            let server = try RawServer { connection, _ in
                while connection.readRequest() != nil {
                    isThere.signal()
                    mayAnswer.wait()
                    connection.send(RawServer.ok)
                    isAnswered.signal()
                }
            }
            let transport = try CurlTransport()
            async let result = transport.result(of: .to(server.port, timeout: patience, fresh: true))
            let deadline = MonotonicTime.now + patience
            await Task.detached { isThere.wait() }.value
            transport.shards[0].queue.async {
                mayAnswer.signal()
                isAnswered.wait()
                while MonotonicTime.now < deadline + .milliseconds(200) { usleep(10_000) }
            }
            // On a machine that was too busy the timeout came before the stop.
            let responded = await result
            mayAnswer.signal()
            if responded.status == 200 { return }
        }
        Issue.record("the answer was not read")
    }

    /// Where none came, the attempt ends all the same.
    @Test func aStopWithoutAnAnswerEndsInTheTimeout() async throws {
        let isThere = DispatchSemaphore(value: 0)
        let server = try RawServer { connection, _ in
            _ = connection.readRequest()
            isThere.signal()
            connection.waitForEnd()
        }
        let transport = try CurlTransport()
        let result = await withPatience { timeout in
            async let result = transport.result(of: .to(server.port, timeout: timeout))
            let deadline = MonotonicTime.now + timeout
            transport.shards[0].queue.async {
                while MonotonicTime.now < deadline + .milliseconds(200) { usleep(10_000) }
            }
            return await result
        }
        #expect(result.error == .timeout)
    }
}
