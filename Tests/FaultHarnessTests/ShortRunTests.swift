import Foundation
import Glibc
import Testing

@testable import WebhooksFaultHarness

/// The harness itself, for some seconds, so that it can't rot.
@Suite struct ShortRunTests {
    private static let binaries: String = {
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: program).deletingLastPathComponent().path
    }()

    private func options(_ round: Int, seed: UInt64) -> SoakOptions {
        var options = SoakOptions(
            length: .seconds(4),
            seed: seed,
            binary: ProcessInfo.processInfo.environment["WEBHOOKS_BINARY"] ?? "\(Self.binaries)/webhooks",
            program: "\(Self.binaries)/soak",
            folder: NSTemporaryDirectory() + "webhooks-soak-\(UUID().uuidString)"
        )
        options.round = round
        options.diskMegabytes = 64
        // A machine that is busy with other things makes no verdict of its own.
        options.limit = .seconds(600)
        return options
    }

    @Test func mixedRound() async throws {
        let seed = UInt64.random(in: 1...UInt64(UInt32.max))
        let verdict = try await SoakRun(options(1, seed: seed), stop: Stop(), report: { print($0) }).run()
        print(verdict.line)
        #expect(verdict.exitCode == 0, "\(verdict.line)")
        #expect(verdict.events > 0 && verdict.requests > 0)
    }

    /// Whatever ends the harness ends its children.
    @Test func childrenEndWithTheirGroup() async throws {
        var group: ProcessGroup? = try ProcessGroup(mounts: [])
        let outputs = NSTemporaryDirectory() + "webhooks-soak-child-\(UUID().uuidString)"
        defer { for ending in [".out", ".err"] { unlink(outputs + ending) } }
        let child = try Command("/bin/sleep", ["60"], outputs: outputs, limit: .seconds(50), group: group?.id)
        #expect(!child.hasEnded)
        group = nil
        #expect(await child.exit() == .signal(SIGKILL))
    }
}
