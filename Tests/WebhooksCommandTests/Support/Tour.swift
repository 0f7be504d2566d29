import Foundation
import Glibc

/// A folder with the example configuration on a port of its own, and `webhooks` on the path: what a newcomer has.
final class Tour: Sendable {
    let folder: String
    let port: UInt16

    init() throws {
        folder = NSTemporaryDirectory() + "webhooks-tour-\(UUID().uuidString)"
        port = try Self.freePort()
        let files = FileManager.default
        try files.createDirectory(atPath: folder + "/bin", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: folder + "/bin/webhooks", withDestinationPath: Program.path)
        try files.copyItem(atPath: Documentation.root + "/config", toPath: folder + "/config")
        // As the demo does.
        for name in try files.contentsOfDirectory(atPath: folder + "/config/secrets") {
            try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: "\(folder)/config/secrets/\(name)")
        }
        let path = folder + "/config/webhooks.yaml"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try write("config/webhooks.yaml", text.replacing(":8787", with: ":\(port)"))
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ name: String, _ text: String) throws {
        let path = "\(folder)/\(name)"
        let parent = path[..<(path.lastIndex(of: "/") ?? path.startIndex)]
        try FileManager.default.createDirectory(atPath: String(parent), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private var environment: [String: String] {
        let inherited = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return ["PATH": "\(folder)/bin:\(inherited)", "LC_ALL": "C.UTF-8"]
    }

    /// Runs a line as a shell does, and gives what it prints.
    func shell(_ line: String, environment more: [String: String] = [:]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = environment.merging(more) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: data, as: UTF8.self))
    }

    /// Starts a receiver by a line of the documents, on this folder's port, and returns once it listens.
    func listen(_ line: String) throws -> Listener {
        try start("\(line.replacing(/\ --port \d+/, with: "")) --port \(port)", endedBy: SIGTERM)
    }

    /// Starts a program that goes on, and returns once it has printed a line.
    ///
    /// - Parameter endedBy: the signal that ends it. A program inherits the signals that Dispatch blocks on its threads,
    ///   SIGTERM among them, and only some unblock them.
    func start(
        _ line: String,
        environment more: [String: String] = [:],
        endedBy signal: Int32 = SIGKILL
    ) throws -> Listener {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", "exec \(line)"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = environment.merging(more) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        return try Listener(process: process, output: pipe.fileHandleForReading, signal: signal)
    }

    /// A receiver in the background.
    final class Listener {
        let firstLine: String
        private let process: Process
        private let output: FileHandle
        private let signal: Int32

        fileprivate init(process: Process, output: FileHandle, signal: Int32) throws {
            (self.process, self.output, self.signal) = (process, output, signal)
            var line: [UInt8] = []
            while let byte = try output.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") { line.append(byte) }
            firstLine = String(decoding: line, as: UTF8.self)
        }

        deinit { if process.isRunning { kill(process.processIdentifier, signal) } }

        /// Ends it, and gives what it has printed after the first line.
        func stop() -> String {
            kill(process.processIdentifier, signal)
            let rest = output.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: rest, as: UTF8.self)
        }
    }

    private static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
            }
        }
        guard code == 0 else { throw Failure("no free port") }
        return UInt16(bigEndian: address.sin_port)
    }
}
