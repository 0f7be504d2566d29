internal import Foundation
internal import Glibc

/// The processor time and memory of this process.
public enum Usage {
    /// User and system time so far.
    public static var cpuSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    }

    /// The same of another process, by its number, as the system has added it up.
    public static func cpuSeconds(of process: String) -> Double {
        let text = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        // The second field is a name in brackets, with whatever in it.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }
        return ticks.reduce(0, +) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Resident now, and at most so far, in MB (of 10^6 bytes).
    public static var residentMegabytes: (now: Double, peak: Double) { residentMegabytes(of: "self") }

    /// The same of another process, by its number.
    public static func residentMegabytes(of process: String) -> (now: Double, peak: Double) {
        let status = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        func megabytes(_ field: String) -> Double {
            let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
            let kibibytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap {
                Double($0)
            }
            return (kibibytes ?? .nan) * 1024 / 1e6
        }
        return (megabytes("VmRSS:"), megabytes("VmHWM:"))
    }

    /// As many descriptors as the system lets us have, and as our processes inherit them; of root at least so many.
    public static func raiseDescriptorLimit() {
        let most = rlim_t(65_536)
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(files, &limit)
        var more = rlimit(rlim_cur: most, rlim_max: most)
        if limit.rlim_max < most, setrlimit(files, &more) == 0 { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
    }
}
