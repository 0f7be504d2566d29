internal import Foundation

/// The time that something took, and its part of the processors.
struct Measure {
    var wall: Double
    var processor: Double

    static func run(_ operation: () async throws -> Void) async throws -> Measure {
        let (start, processor) = (ContinuousClock.now, clock())
        try await operation()
        return Measure(
            wall: (ContinuousClock.now - start) / .seconds(1),
            processor: Double(clock() - processor) / Double(CLOCKS_PER_SEC)
        )
    }

    func rate(_ count: Int) -> String {
        let micro = String(format: "%.1f", processor * 1e6 / Double(count))
        return "\(Int(Double(count) / wall))/s, \(micro) us of processor time each"
    }

    /// In milliseconds.
    var text: String { String(format: "%8.2f ms", wall * 1_000) }

    /// The process's memory now and at its highest, in MiB.
    static var memory: (now: Int, highest: Int) {
        let lines = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8))?.split(separator: "\n") ?? []
        func value(_ key: String) -> Int {
            let line = lines.first { $0.hasPrefix(key) }?.split(separator: " ", omittingEmptySubsequences: true)
            return (line.flatMap { $0.dropFirst().first.flatMap { Int($0) } } ?? 0) / 1_024
        }
        return (value("VmRSS:"), value("VmHWM:"))
    }
}
