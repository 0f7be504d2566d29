import Foundation
import Glibc
import WebhookCore
import WebhookReceiver
import WebhookSimulation

/// A test's folder with a configuration, and a receiver that its subscriptions point to.
final class CommandEnvironment: Sendable {
    let receiver: Receiver
    private let files: TestEnvironment

    static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// - Parameter response: what the receiver says; 204 by default.
    init(_ response: @escaping @Sendable (ReceivedRequest) -> ReceiverResponse = { _ in .noContent }) throws {
        files = try TestEnvironment()
        receiver = try Receiver(handler: response)
        try write("w.yaml", configuration())
    }

    deinit { receiver.stop() }

    var folder: String { files.folder }

    /// Subscriptions: `crm` takes everything, `lms` (BrainCert, single-shot) the users' events. More may follow.
    func configuration(delivery: String = "{}", more: String = "") -> String {
        """
        store: sqlite:w.sqlite
        profile: standard
        egress: { allow: ["127.0.0.0/8"] }
        subscriptions:
          - name: crm
            url: \(receiver.url)/crm
            topics: ["**"]
            secrets: ["\(Self.secret)"]
            delivery: \(delivery)
          - name: lms
            url: \(receiver.url)/lms
            topics: ["user.*"]
            profile: braincert
            payload: { "**": $data }
            schema: off

        """ + more
    }

    func write(_ name: String, _ text: String) throws { try write(name, bytes: Array(text.utf8)) }

    func write(_ name: String, bytes: [UInt8]) throws {
        let descriptor = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure("cannot write \(name)") }
        defer { close(descriptor) }
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else { throw Failure("cannot write \(name)") }
    }

    var environment: [String: String] { ["WEBHOOKS_CONFIG": "w.yaml"] }

    /// Runs a command to its end.
    func run(
        _ arguments: String...,
        input: String = "",
        environment more: [String: String] = [:]
    ) async throws -> Finished {
        try await run(arguments, input: input, environment: more)
    }

    /// Runs a command to its end.
    func run(
        _ arguments: [String],
        input: String = "",
        environment more: [String: String] = [:]
    ) async throws -> Finished {
        try await run(bytes: arguments.map { Array($0.utf8) }, input: Array(input.utf8), environment: more)
    }

    /// Runs a command with arguments that may be no text.
    func run(
        bytes arguments: [[UInt8]],
        input: [UInt8] = [],
        environment more: [String: String] = [:]
    ) async throws -> Finished {
        let (output, error) = (try Program.makePipe(), try Program.makePipe())
        try write(".stdin", bytes: input)
        let stdin = open("\(folder)/.stdin", O_RDONLY | O_CLOEXEC)
        let process = try Program.start(
            arguments,
            folder: folder,
            environment: environment.merging(more) { $1 },
            input: stdin,
            output: output.write,
            error: error.write
        )
        for descriptor in [stdin, output.write, error.write] { close(descriptor) }
        async let out = Program.blocking { Program.readAll(output.read) }
        async let err = Program.blocking { Program.readAll(error.read) }
        let (outText, errText) = await (out, err)
        let status = await Program.blocking { Program.wait(process) }
        return Finished(status: status, out: outText, err: errText)
    }

    /// Runs a line of a shell, in which the program's streams may be closed.
    func shell(_ line: String) async throws -> Finished {
        try await Program.blocking { [folder, environment] in
            Result { try Self.shell(line, folder, environment) }
        }
        .get()
    }

    private static func shell(_ line: String, _ folder: String, _ environment: [String: String]) throws -> Finished {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", line]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = environment
        let (out, err) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (out, err)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let (output, error) = (out.fileHandleForReading, err.fileHandleForReading)
        let (outText, errText) = (output.readDataToEndOfFile(), error.readDataToEndOfFile())
        process.waitUntilExit()
        return Finished(
            status: process.terminationStatus,
            out: String(decoding: outText, as: UTF8.self),
            err: String(decoding: errText, as: UTF8.self)
        )
    }

    /// Runs a command on a terminal of a width in columns, on which something was typed already.
    func runOnTerminal(
        _ arguments: [String],
        columns: Int,
        input: String = "",
        environment more: [String: String]
    ) async throws -> Finished {
        let terminal = try Program.makeTerminal(columns: columns)
        let typed = Array(input.utf8)
        guard Glibc.write(terminal.read, typed, typed.count) == typed.count else { throw Failure("cannot type") }
        let process = try Program.start(
            arguments,
            folder: folder,
            environment: environment.merging(more) { $1 },
            input: terminal.write,
            output: terminal.write,
            error: terminal.write
        )
        close(terminal.write)
        let out = await Program.blocking { Program.readAll(terminal.read) }
        let status = await Program.blocking { Program.wait(process) }
        return Finished(status: status, out: out.replacing("\r\n", with: "\n"), err: "")
    }
}

/// A command that has ended, with its output.
struct Finished: Sendable {
    var status: Int32
    var out: String
    var err: String

    var lines: [String] { out.split(separator: "\n").map(String.init) }
}
