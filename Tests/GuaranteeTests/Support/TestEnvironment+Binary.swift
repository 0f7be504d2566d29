import Foundation
import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// The binary that was built with the tests, or the one in `WEBHOOKS_BINARY`.
enum RealBinary {
    static let path: String = {
        if let given = ProcessInfo.processInfo.environment["WEBHOOKS_BINARY"] { return given }
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let folder = URL(fileURLWithPath: tests).deletingLastPathComponent()
        return folder.appendingPathComponent("webhooks").path
    }()
}

/// A configuration and a store that the real binary works on.
extension TestEnvironment {
    var configurationPath: String { folder + "/webhooks.yaml" }
    /// The database.
    var storePath: String { folder + "/store/webhooks.sqlite" }

    /// Writes the configuration: a file that is complete or not there.
    ///
    /// - Parameters:
    ///   - kind: the store that it names.
    ///   - store: its path, where it is SQLite's; default: the usual one.
    func configure(
        _ subscriptions: [Endpoint],
        on kind: TestStore = .sqlite,
        dispatcher: String = "shutdownGrace: 20s",
        store: String? = nil
    ) throws {
        let settings = settings(of: kind, path: store)
        try write(subscriptions, dispatcher + settings.dispatcher, settings.store, to: "webhooks.yaml")
        if kind == .postgres { dropSchemaAtEnd() }
    }

    /// Writes a configuration.
    ///
    /// - Parameter store: as the file has it.
    func write(_ subscriptions: [Endpoint], _ dispatcher: String, _ store: String, to file: String) throws {
        try write(
            """
            store: \(store)
            egress: { allow: ["127.0.0.0/8"] }
            dispatcher: { \(dispatcher) }
            subscriptions:
            \(subscriptions.map(\.yaml).joined(separator: "\n"))
            """,
            to: file
        )
    }

    /// Starts a command on this configuration.
    ///
    /// - Parameters:
    ///   - limits: options of the shell's `ulimit` to run it under.
    ///   - file: the configuration; default: the usual one.
    func start(
        _ arguments: [String],
        input: String? = nil,
        limits: String? = nil,
        configuration file: String? = nil
    ) throws -> Command {
        let number = UUID().uuidString
        let outputs = "\(folder)/command-\(number)"
        var inputPath: String?
        if let input {
            inputPath = outputs + ".in"
            try write(input, to: "command-\(number).in")
        }
        var all = arguments + ["--config", file.map { folder + "/" + $0 } ?? configurationPath]
        var program = RealBinary.path
        if let limits {
            program = "/bin/sh"
            all = ["-c", "ulimit \(limits) && exec \"$0\" \"$@\"", RealBinary.path] + all
        }
        return keep(try Command(program, all, input: inputPath, outputs: outputs, limit: Soak.commandLimit))
    }

    /// Kills a command that a test which failed has left.
    private func keep(_ command: Command) -> Command {
        atEnd { command.send(SIGKILL) }
        return command
    }

    /// Starts a command that is killed as it is about to make a system call for the n-th time in one of its threads.
    func start(_ arguments: [String], killedBefore point: (call: String, number: Int)) throws -> Command {
        let outputs = folder + "/strace-\(point.call)-\(point.number)"
        let inject = "inject=\(point.call):signal=KILL:when=\(point.number)"
        let options = ["-f", "-o", "/dev/null", "-e", "trace=\(point.call)", "-e", inject, RealBinary.path]
        let all = options + arguments + ["--config", configurationPath]
        return keep(try Command(Strace.path, all, outputs: outputs, limit: Soak.commandLimit))
    }

    /// Runs a command to its end.
    @discardableResult
    func run(_ arguments: [String], input: String? = nil) async throws -> (exit: Command.Exit, command: Command) {
        let command = try start(arguments, input: input)
        return (await command.exit(), command)
    }

    /// Starts a dispatcher and waits until it works.
    func startDispatcher(_ arguments: [String] = [], limits: String? = nil) async throws -> Command {
        let command = try start(["run"] + arguments, limits: limits)
        try await eventually("the dispatcher delivers: \(command.errors)") {
            if command.hasEnded { throw Problem("the dispatcher ended: \(command.errors)") }
            return command.errors.contains("delivering")
        }
        return command
    }

    /// The library on the same configuration, to read what is on record.
    func library() async throws -> WebhookDispatcher {
        try await WebhookDispatcher(configuration: .file(configurationPath, environment: [:]))
    }

    /// Every delivery on record, oldest first.
    func deliveries(subscription: String? = nil) async throws -> [Delivery] {
        var query = DeliveryQuery()
        query.subscription = subscription
        return try await library().deliveries(query, limit: 1_000_000).reversed()
    }

    /// A delivery's attempts on record.
    func attempts(of delivery: Delivery) async throws -> [Attempt] {
        try await library().attempts(of: delivery.id)
    }
}
