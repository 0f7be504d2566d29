internal import ArgumentParser
internal import Glibc
internal import WebhookCore

/// Runs the command that the arguments name, and ends the process with what came of it.
enum CommandRunner {
    static func run() async -> Never {
        // A reader that has gone away shows as a failed write; a request's peer is libcurl's business.
        signal(SIGPIPE, SIG_IGN)
        let status: ExitStatus
        do {
            if let problem = CommandNames.problem(in: Array(CommandLine.arguments.dropFirst())) {
                throw CommandFailure(
                    .usage,
                    code: "usage",
                    problem,
                    hint: "`webhooks help` lists the commands, `webhooks help COMMAND` tells about one"
                )
            }
            if let problem = RawArguments.ofProcess.problem { throw problem }
            var command: any ParsableCommand
            do {
                command = try await WebhooksCommand.asyncParseAsRoot()
            } catch {
                throw UsageProblem.better(than: error, Array(CommandLine.arguments.dropFirst())) ?? error
            }
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            status = .success
        } catch {
            status = report(error)
        }
        Output.standard.flush()
        if let reason = Output.standard.failure {
            CommandFailure(.negative, code: "output", "the output could not be written: \(reason)").report(
                asJSON: wantsJSON
            )
            exit((status == .success ? .negative : status).rawValue)
        }
        exit(status.rawValue)
    }

    /// Prints an error in the form asked for, and says which exit code it has.
    private static func report(_ error: any Error) -> ExitStatus {
        if let status = error as? ExitStatus { return status }
        // What was said before comes before.
        Output.standard.flush()
        if let failure = CommandFailure(error) {
            failure.report(asJSON: wantsJSON)
            return failure.status
        }
        if WebhooksCommand.exitCode(for: error) == .failure {
            // Not one of ArgumentParser's, and not one that anybody has thought of. The type says enough; its text may not be
            // fit to be shown.
            CommandFailure(
                .software,
                code: "internal",
                "unexpected: \(type(of: error))",
                hint: "this is a bug; please report it"
            )
            .report(asJSON: wantsJSON)
            return .software
        }
        // Help, the version, completion scripts and mistakes in the arguments are ArgumentParser's to word.
        let status = ExitStatus(rawValue: WebhooksCommand.exitCode(for: error).rawValue) ?? .usage
        if status == .success {
            Output.standard.writeLine(WebhooksCommand.fullMessage(for: error))
        } else if wantsJSON {
            CommandFailure(.usage, code: "usage", WebhooksCommand.message(for: error)).report(asJSON: true)
        } else if LogLine.isWanted {
            CommandFailure(.usage, code: "usage", WebhooksCommand.message(for: error)).report(asJSON: false)
        } else {
            let text = UsageProblem.text(of: error, Array(CommandLine.arguments.dropFirst()))
            Output.error.writeLine(PlainText.escapedLines(text))
        }
        return status
    }

    /// True when `--json` stands among the arguments; asked before or after they could be parsed.
    static var wantsJSON: Bool {
        CommandLine.arguments.dropFirst().prefix { $0 != "--" }.contains("--json")
    }
}

/// Standard input, output and error.
enum StandardStreams {
    /// Puts something in the place of those that whoever started the process has closed (`>&-`), before anything is opened:
    /// else a store, a connection to a receiver or the signals' pipe would get their numbers, and what is printed.
    static func complete() {
        // Reading from or writing to them fails as it does where they are closed.
        for (descriptor, access) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            // The lowest number that is free is this one: those below it are open by now.
            _ = open("/dev/null", access)
        }
    }
}
