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

    /// Resident now, and at most so far, in MB (of 10^6 bytes).
    public static var residentMegabytes: (now: Double, peak: Double) {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        func megabytes(_ field: String) -> Double {
            let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
            let kibibytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap {
                Double($0)
            }
            return (kibibytes ?? .nan) * 1024 / 1e6
        }
        return (megabytes("VmRSS:"), megabytes("VmHWM:"))
    }

    /// As many descriptors as the system lets us have.
    public static func raiseDescriptorLimit() {
        var limit = rlimit()
        let files = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        getrlimit(files, &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(files, &limit)
    }
}
