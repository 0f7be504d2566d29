internal import Glibc
internal import WebhookCore
internal import WebhookReceiver
internal import Webhooks

/// The reason why a command ends early, as it is printed.
struct CommandFailure: Error {
    var status: ExitStatus
    /// Stable, for scripts.
    var code: String
    /// May have several lines.
    var message: String
    /// The advice on what to do next.
    var hint: String?
    /// The configuration's problems, each printed on a line of its own.
    var diagnostics: [Diagnostic] = []

    init(_ status: ExitStatus, code: String, _ message: String, hint: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// A configuration whose store can't be read.
    init(configuration problems: [Diagnostic]) {
        self.init(
            .data,
            code: WebhooksError.Code.configuration.description,
            problems.map(\.description).joined(separator: "\n"),
            hint: "--store URL names the store without the file; `webhooks validate` lists all problems of one"
        )
        diagnostics = problems
    }

    /// Data that is not acceptable, from an argument, a file or stdin.
    static func data(_ message: String, hint: String? = nil) -> CommandFailure {
        CommandFailure(.data, code: "event", message, hint: hint)
    }

    /// An event or a delivery that is not there.
    static func notFound(_ id: String, hint: String) -> CommandFailure {
        CommandFailure(.negative, code: WebhooksError.Code.notFound.description, "there is no \(id)", hint: hint)
    }

    /// Makes the failure for an error that was thrown, or `nil` where it is ArgumentParser's own.
    init?(_ error: any Error) {
        switch error {
        case let failure as CommandFailure: self = failure
        case let error as WebhooksError: self.init(error)
        case let error as ReceiverError: self.init(error)
        case is CancellationError: self.init(.negative, code: "cancelled", "cancelled")
        default: return nil
        }
    }

    private init(_ error: ReceiverError) {
        let hint: String? =
            switch error {
            case .system(_, EADDRINUSE): "another program listens there: end it, or take another port with --port N"
            case .system(_, EACCES): "ports below 1024 are for the system's own programs: --port N"
            case .system(_, EADDRNOTAVAIL), .host: "--host takes an address of this machine, such as 127.0.0.1"
            case .system, .stopped: nil
            }
        self.init(.unavailable, code: "receiver", error.description, hint: hint)
    }

    private init(_ error: WebhooksError) {
        let status: ExitStatus =
            switch error.code {
            case .configuration, .event, .unknown, .rendering: .data
            case .notFound, .refused: .negative
            case .store: .unavailable
            default: .software
            }
        self.init(status, code: error.code.description, error.message)
        diagnostics = error.diagnostics
        if !diagnostics.isEmpty { hint = "`webhooks validate` lists all problems of a configuration" }
        if let remedy = error.remedy {
            hint = remedy.text(for: .commandLine)
        } else if let store = error.store {
            hint = Self.hint(for: store.code)
        }
    }

    /// An older write-ahead log would be applied to the copy.
    private static let restore =
        "restore a copy of the file, without the `-wal` and `-shm` of the damaged one (docs/log.md)"

    private static func hint(for code: StoreError.Code) -> String? {
        switch code.kind {
        case .missing: "`webhooks emit`, `test` and `run` make it; --store names another"
        case .locked: "stop that process first; commands that don't need the store to themselves go on beside it"
        case .damaged where CommandLine.arguments.contains("check"): restore
        case .damaged:
            "`webhooks check` names what is damaged: `webhooks expunge ID` erases single rows; where it is the file, \(restore)"
        case .full: "make room on the disk: without any, `webhooks prune` can't work either"
        case .readOnly: "check who owns the folder and the file"
        case .newerSchema: "use the newer `webhooks` that wrote it"
        case .refused: "see the triggers and constraints that the database has beside ours"
        case .busy, .unavailable, .replaced, .closed: nil
        }
    }
}

extension CommandFailure {
    /// Prints it to stderr.
    func report(asJSON: Bool) {
        if asJSON {
            var members: [(String, JSONOutput)] = [("code", .string(code)), ("message", .string(message))]
            if let hint { members.append(("hint", .string(hint))) }
            return Output.error.writeLine(JSONOutput.object([("error", .object(members))]).line)
        }
        if LogLine.isWanted {
            for diagnostic in diagnostics {
                LogLine.write(diagnostic.severity == .error ? .error : .warning, diagnostic.message, place(diagnostic))
            }
            let count = Counted.text(diagnostics.count, "problem")
            let text = diagnostics.isEmpty ? message : "the configuration has \(count); nothing was done"
            return LogLine.write(.error, text, [("code", .string(code))] + (hint.map { [("hint", .string($0))] } ?? []))
        }
        let style = Terminal.standardError
        let mark = style.styled("error:", .error)
        if diagnostics.isEmpty {
            Output.error.writeLine("\(mark) \(PlainText.escapedLines(message))")
        } else {
            for diagnostic in diagnostics { Output.error.writeLine(PlainText.escaped(diagnostic.description)) }
            let count = Counted.text(diagnostics.count, "problem")
            Output.error.writeLine("\(mark) the configuration has \(count); nothing was done")
        }
        if let hint { Output.error.writeLine("\(style.styled("hint:", .dim)) \(PlainText.escaped(hint))") }
    }
}

extension CommandFailure {
    private func place(_ diagnostic: Diagnostic) -> [(String, JSONOutput)] {
        [
            ("code", .string(code)), ("file", .string(diagnostic.file)), ("line", .integer(diagnostic.line)),
            ("column", .integer(diagnostic.column)),
        ]
    }
}

/// The exit status of the process; thrown where everything has been printed already.
enum ExitStatus: Int32, Error {
    /// Done, and all delivered.
    case success = 0
    /// Done, but a delivery failed or waits, an id is unknown, something was refused or a check is negative.
    case negative = 1
    case usage = 64
    /// The configuration or an event is invalid.
    case data = 65
    /// The store is missing, locked, full or damaged.
    case unavailable = 69
    /// A bug.
    case software = 70
}
