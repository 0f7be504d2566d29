import Foundation
import Testing

@testable import WebhooksFaultHarness

/// The harness of several dispatchers itself, for some seconds, so that it can't rot.
@Suite(.disabled(if: StormServerSettings.data == nil, "needs a server: run it inside Tests/postgres.sh"))
struct StormTests {
    @Test func shortStorm() async throws {
        let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let binaries = URL(fileURLWithPath: program).deletingLastPathComponent().path
        var options = StormOptions(
            length: .seconds(8),
            seed: UInt64.random(in: 1...UInt64(UInt32.max)),
            binary: StormServerSettings.environment["WEBHOOKS_BINARY"] ?? "\(binaries)/webhooks",
            url: try #require(StormServerSettings.environment["WEBHOOKS_TEST_POSTGRES"]),
            data: try #require(StormServerSettings.data),
            folder: NSTemporaryDirectory() + "webhooks-storm-\(UUID().uuidString)"
        )
        options.nodes = 1
        let verdict = try await StormRun(options, stop: Stop(), report: { print($0) }).run()
        print(verdict.line)
        #expect(verdict.exitCode == 0, "\(verdict.line)")
        #expect(verdict.events > 0 && verdict.requests > 0)
    }
}

private enum StormServerSettings {
    static let environment = ProcessInfo.processInfo.environment
    static let data = environment["WEBHOOKS_TEST_POSTGRES_DATA"]
}
