internal import ArgumentParser
internal import WebhookCore

/// Mistakes in the arguments, in words.
enum UsageProblem {
    /// Returns the message to show in place of one of the parser's errors; `nil` where its own words are the best there
    /// are.
    static func better(than error: any Error, _ arguments: [String]) -> ValidationError? {
        guard WebhooksCommand.exitCode(for: error) == .validationFailure else { return nil }
        let (command, path) = CommandNames.command(in: arguments)
        let standard = command.configuration.defaultSubcommand.map { [$0._commandName] } ?? []
        guard let schema = CommandSchema.root()?.command(path + standard),
            let problem = ArgumentProblem.find(in: Array(arguments.dropFirst(path.count)), schema)
        else { return nil }
        return ValidationError(problem)
    }

    /// A mistake with the usage of the command that was meant, as every other error begins.
    static func text(of error: any Error, _ arguments: [String]) -> String {
        // The parser doesn't know which command has thrown one of our own.
        guard let own = error as? ValidationError else {
            let message = WebhooksCommand.fullMessage(for: error)
            let mark = "Error: "
            return message.hasPrefix(mark) ? "error: " + message.dropFirst(mark.count) : message
        }
        let (command, path) = CommandNames.command(in: arguments)
        let name = (["webhooks"] + path).joined(separator: " ")
        return """
            error: \(own.message)
            Usage: \(WebhooksCommand.usageString(for: command))
              See '\(name) --help' for more information.
            """
    }
}
