import CWebhooksCurl
import Foundation
import Synchronization
import Testing
import WebhookCore

@testable import WebhookTransport

@Suite struct WatchdogTests {
    private let start = MonotonicTime(nanoseconds: 5_000_000_000)

    private func look(_ call: inout StuckCall, began: MonotonicTime?, after: Duration) -> StuckCall.Action {
        call.look(began: began, now: start + after)
    }

    @Test func aCallIsLookedAtTwiceBeforeItIsBrokenOff() {
        var call = StuckCall(limit: .seconds(1))
        var actions: [StuckCall.Action] = []
        for tenths in [1, 5, 7, 10, 11, 16] {
            actions.append(look(&call, began: start, after: .milliseconds(tenths * 100)))
        }
        // What keeps the thread after that is looked at afresh.
        #expect(actions == [.none, .takeNote, .none, .breakOff, .takeNote, .breakOff])
    }

    @Test func callsThatEndAreLeftAlone() {
        var call = StuckCall(limit: .seconds(1))
        var actions: [StuckCall.Action] = []
        actions.append(look(&call, began: nil, after: .seconds(9)))
        for second in 0..<3 {
            let began = start + .milliseconds(second * 900)
            actions.append(look(&call, began: began, after: .milliseconds(second * 900 + 800)))
        }
        #expect(actions == [.none, .takeNote, .takeNote, .takeNote])
    }

    /// A thread that reads for ever what one of its connections brings, as a library under it might.
    @Test(.timeLimit(.minutes(1))) func endsTheConnectionThatHoldsTheThread() async throws {
        let flooding = try RawServer { connection, _ in
            while connection.send(String(repeating: "x", count: 65_536)) {}
        }
        let silent = try RawServer { connection, _ in
            connection.send("hello")
            connection.waitForEnd()
        }
        let monitor = try CallMonitor()
        let sockets = SocketTable()
        let watchdog = Watchdog(limit: .milliseconds(200))
        #expect(watchdog.start([Watchdog.Subject(monitor: monitor, sockets: sockets)]))
        let (flooded, other) = (try Self.connect(flooding.port), try Self.connect(silent.port))
        sockets.opened(flooded)
        sockets.opened(other)
        await Task.detached {
            watchdog.runBegins()
            monitor.during {
                var chunk = [UInt8](repeating: 0, count: 65_536)
                while recv(flooded, &chunk, chunk.count, 0) > 0 {}
            }
        }.value
        // The one beside it is as it was.
        var chunk = [UInt8](repeating: 0, count: 16)
        #expect(recv(other, &chunk, chunk.count, Int32(MSG_DONTWAIT)) == 5)
        #expect(recv(other, &chunk, chunk.count, Int32(MSG_DONTWAIT)) == -1 && errno == EAGAIN)
        #expect(sockets.close(flooded) == 0 && sockets.close(other) == 0)
        watchdog.subjectEnds()
    }

    private static func connect(_ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var endpoint = sockaddr_in()
        endpoint.sin_family = sa_family_t(AF_INET)
        endpoint.sin_port = port.bigEndian
        inet_pton(AF_INET, "127.0.0.1", &endpoint.sin_addr)
        let isConnected = withUnsafePointer(to: &endpoint) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Foundation.connect(descriptor, pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { throw TestFailure("connect: \(errno)") }
        return descriptor
    }
}
