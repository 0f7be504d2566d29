import Foundation
import Glibc

/// Kills a process at an exact point, with the system's strace.
enum Strace {
    static let path = "/usr/bin/strace"

    /// Calls that decide what is durable and what was sent, and how often a command makes them in one thread, or somewhat
    /// more: killing then comes too late, which is a case as well.
    static func points(of store: TestStore) -> [(call: String, count: Int)] {
        switch store {
        case .sqlite:
            [
                (call: "pwrite64", count: 46), (call: "fdatasync", count: 10), (call: "sendto", count: 3),
                (call: "connect", count: 2), (call: "ftruncate", count: 4), (call: "unlink", count: 2),
            ]
        // Its files are the server's: what counts are the statements that are sent, and the answers that are read.
        case .postgres: [(call: "sendto", count: 16), (call: "recvfrom", count: 16), (call: "connect", count: 3)]
        }
    }

    /// Tells whether it is there and may trace; else the reason is printed.
    static func isUsable(test: String) -> Bool {
        guard access(path, X_OK) == 0 else {
            print("\(test) is skipped: there is no \(path)")
            return false
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["-f", "-o", "/dev/null", "-e", "inject=getuid:signal=KILL:when=1000", "/bin/true"]
        process.standardError = FileHandle.nullDevice
        try? process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { print("\(test) is skipped: processes may not be traced here") }
        return process.terminationStatus == 0
    }
}
