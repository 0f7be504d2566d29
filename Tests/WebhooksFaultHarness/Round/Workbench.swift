import Foundation
import GRDB
import Glibc
import Synchronization

/// A round's folder, with its configurations and its store, and how commands are started on it.
final class Workbench: Sendable {
    let folder: String
    let ledger = Ledger()
    let binary: String
    /// The store's path: on the small disk if there is one.
    let storePath: String
    let group: ProcessGroup
    private let number = Atomic(0)
    let gate = Gate()

    init(folder: String, storeFolder: String, binary: String, group: ProcessGroup) throws {
        self.folder = folder
        self.binary = binary
        self.group = group
        storePath = storeFolder + "/webhooks.sqlite"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: storeFolder, withIntermediateDirectories: true)
    }

    /// The configuration that never changes during a round.
    var stableConfiguration: String { folder + "/stable.yaml" }
    /// The dispatcher's own, which is changed and broken.
    var changingConfiguration: String { folder + "/changing.yaml" }
    var walPath: String { storePath + "-wal" }

    static func configuration(store: String, subscriptions: String, maxInFlight: Int = 64) -> String {
        """
        store: "sqlite:\(store)"
        egress: { allow: ["127.0.0.0/8"] }
        dispatcher: { maxInFlight: \(maxInFlight), shutdownGrace: 2s }
        subscriptions:
        \(subscriptions)

        """
    }

    func write(_ text: String, to path: String, atomically: Bool = true) {
        try? Data(text.utf8).write(to: URL(fileURLWithPath: path), options: atomically ? .atomic : [])
    }

    /// Starts a command.
    ///
    /// - Parameter limit: it is killed after so long.
    func start(
        _ arguments: [String],
        input: String? = nil,
        configuration: String? = nil,
        program: String? = nil,
        environment: [String] = [],
        limit: Duration
    ) throws -> Process {
        let outputs = "\(folder)/\(arguments[0])-\(number.add(1, ordering: .relaxed).newValue)"
        var inputPath: String?
        if let input {
            inputPath = outputs + ".in"
            write(input, to: outputs + ".in", atomically: false)
        }
        let all = arguments + (program == nil ? ["--config", configuration ?? stableConfiguration] : [])
        let command = try Command(
            program ?? binary,
            all,
            input: inputPath,
            outputs: outputs,
            limit: limit,
            group: group.id,
            environment: environment
        )
        return Process(command: command, outputs: outputs, startedAt: ledger.now)
    }

    struct Process: Sendable {
        let command: Command
        let outputs: String
        let startedAt: Instant

        /// Removes what it read and wrote, which nobody needs once it has behaved.
        func removeFiles() {
            for ending in [".in", ".out", ".err"] { unlink(outputs + ending) }
        }
    }

    /// Runs a command to its end, or kills it on the way, and notes how it went.
    ///
    /// - Parameters:
    ///   - name: what it is called in the ledger: without data.
    ///   - bound: how long it may take; it is killed later than that.
    ///   - killedAfter: when to kill it.
    @discardableResult
    func run(
        _ name: String,
        _ arguments: [String],
        input: String? = nil,
        environment: [String] = [],
        bound: Duration,
        allowed: Set<Int32> = [0],
        killedAfter: Duration? = nil
    ) async throws -> Result {
        await gate.enter()
        defer { gate.leave() }
        let process = try start(arguments, input: input, environment: environment, limit: bound + .seconds(10))
        if let killedAfter { _ = try? await process.command.kill(after: killedAfter) }
        let exit = await process.command.exit()
        let errors = process.command.errors
        let result = Result(exit: exit, output: process.command.output)
        let fact = CommandFact(
            name: name,
            interval: Interval(start: process.startedAt, end: ledger.now),
            exit: exit,
            bound: bound,
            allowed: allowed,
            wasSignalled: killedAfter != nil,
            errors: String(errors.suffix(400))
        )
        ledger.update { $0.commands.append(fact) }
        process.removeFiles()
        return result
    }

    struct Result: Sendable {
        var exit: Command.Exit
        var output: String
    }

    /// Lets commands end, and no new one begin, while something is done that none of them could survive.
    func alone<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        await gate.close()
        defer { gate.open() }
        return try await body()
    }

    /// Reads the store as a host would.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(10)
        let queue = try DatabaseQueue(path: storePath, configuration: configuration)
        defer { try? queue.close() }
        return try queue.read(body)
    }
}
