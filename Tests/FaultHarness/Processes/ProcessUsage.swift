import Foundation

/// What a process uses, from /proc.
enum ProcessUsage {
    static func sample(_ process: Int32, wal: String, at: Instant) -> SampleFact? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kilobytes = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) }),
            let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count
        else { return nil }
        return SampleFact(
            process: process,
            at: at,
            residentBytes: kilobytes << 10,
            descriptors: descriptors,
            walBytes: size(wal)
        )
    }

    static func size(_ path: String) -> Int {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
    }
}
