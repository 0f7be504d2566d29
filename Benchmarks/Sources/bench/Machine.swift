internal import BenchSupport
internal import Foundation

/// The machine that the figures were measured on.
struct Machine {
    let work: String

    func describe() {
        let now = Date.now.formatted(.iso8601)
        let processor = field("model name", in: "/proc/cpuinfo", separator: ":") ?? "unknown processor"
        let system = field("PRETTY_NAME", in: "/etc/os-release", separator: "=") ?? "unknown system"
        let load = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8))?.prefix(4) ?? "?"
        print("\(now) · \(ProcessInfo.processInfo.activeProcessorCount) × \(processor) · \(system) · load \(load)")
        let wait = diskWait
        print("a 64 KiB append and fdatasync takes \(wait.median.short(2)) ms (\(wait.range(2))) here\n")
    }

    /// Processor time that everybody has used so far.
    static var busySeconds: Double {
        let text = (try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? ""
        let ticks = text.split(separator: "\n").first?.split(separator: " ").dropFirst().compactMap { Double($0) } ?? []
        // user, nice, system, idle, waiting for the disk, interrupts of two kinds
        let busy = ticks.indices.filter { [0, 1, 2, 5, 6].contains($0) }.map { ticks[$0] }
        return busy.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private func field(_ name: String, in path: String, separator: Character) -> String? {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(separator: separator, maxSplits: 1).last
            .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \t\"")) }
    }

    /// Milliseconds that the disk takes for what a commit asks of it.
    private var diskWait: Series {
        let path = "\(work)/probe"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { fail("\(work) can't be written to") }
        defer { close(file) }
        let bytes = [UInt8](repeating: 7, count: 65_536)
        return Series(
            (0..<100).map { _ in
                _ = write(file, bytes, bytes.count)
                let start = Instant.now
                fdatasync(file)
                return Instant.now.seconds(since: start) * 1000
            }
        )
    }
}
