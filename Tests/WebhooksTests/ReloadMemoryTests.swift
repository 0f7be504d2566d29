import Foundation
import Glibc
import Testing
import WebhookCore
import WebhookSimulation

@testable import Webhooks

/// A load takes a lot of memory for a moment, and leaves it in pieces: after a reload they are given back.
@Suite(.timeLimit(.minutes(2))) struct ReloadMemoryTests {
    private static let subscription = """
          - name: crm
            url: http://127.0.0.1:9/crm
            topics: ["**"]
            secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]
        """

    @Test(.enabled(if: Self.isTrimmed), arguments: [false, true])
    func isGivenBack(isRunning: Bool) async throws {
        let environment = try TestEnvironment()
        defer { withExtendedLifetime(environment) {} }
        let dispatcher = try await environment.dispatcher(Self.subscription)
        let run = isRunning ? Task { try await dispatcher.run() } : nil
        if isRunning { try await dispatcher.emitted() }
        let before = try Self.residentBytes()
        let pieces = await LoadingThread.shared.run { Pieces() }
        defer { pieces.free() }
        #expect(try Self.residentBytes() - before > Pieces.size / 2, "what is free is still this process's")
        #expect(dispatcher.reload())
        // Where it runs, its engine lets go of the old configuration first.
        let deadline = ContinuousClock.now + .seconds(20)
        repeat {
            await LoadingThread.shared.run {}
        } while try Self.residentBytes() - before > Pieces.size / 2 && ContinuousClock.now < deadline
        #expect(try Self.residentBytes() - before < Pieces.size / 2)
        dispatcher.shutDown()
        try await run?.value
    }

    /// Small blocks, one in sixteen of which is kept.
    private final class Pieces: Sendable {
        static let size = 64 * 1024 * 1024
        private static let blockSize = 4_000

        private let kept: [UInt]

        init() {
            var all: [UnsafeMutableRawPointer] = []
            while all.count < Self.size / Self.blockSize, let block = malloc(Self.blockSize) {
                memset(block, 1, Self.blockSize)
                all.append(block)
            }
            kept = all.indices.filter { $0 % 16 == 0 }.map { UInt(bitPattern: all[$0]) }
            for index in all.indices where index % 16 != 0 { Glibc.free(all[index]) }
        }

        func free() { for block in kept { Glibc.free(UnsafeMutableRawPointer(bitPattern: block)) } }
    }

    /// True when the process has GNU's allocator, and no sanitizer's.
    private static var isTrimmed: Bool {
        let others = ["__tsan_init", "__asan_init"]
        return dlsym(nil, "malloc_trim") != nil && others.allSatisfy { dlsym(nil, $0) == nil }
    }

    private static func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (fields.dropFirst().first.flatMap { Int($0) } ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }
}

extension WebhookDispatcher {
    /// Waits until it runs: what it emits then has a delivery.
    fileprivate func emitted() async throws {
        let event = try Event(topic: "a.b", data: "1")
        try await emit(event)
        while try await deliveries(DeliveryQuery()).isEmpty { await Task.yield() }
    }
}
