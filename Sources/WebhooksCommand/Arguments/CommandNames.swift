internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

/// Looks at the names of commands before the parser does, which says of an unknown one only that it did not expect it.
enum CommandNames {
    /// Returns the problem with the command that the arguments name; `nil` where nothing is, or where it is not a name.
    static func problem(in arguments: [String]) -> String? {
        if let problem = optionsBeforeCommand(arguments) { return problem }
        var command: any ParsableCommand.Type = WebhooksCommand.self
        var path = "webhooks"
        var rest = arguments[...]
        if rest.first == "help" { rest = rest.dropFirst() }
        while let name = rest.popFirst(), !name.hasPrefix("-") {
            let known = command.configuration.subcommands
            guard !known.isEmpty else { return nil }
            guard let next = known.first(where: { $0._commandName == name }) else {
                return unknown(name, after: path, known)
            }
            command = next
            path += " \(name)"
        }
        return nil
    }

    /// The command that the arguments name, as far as they name one.
    static func command(in arguments: [String]) -> (type: any ParsableCommand.Type, path: [String]) {
        var command: any ParsableCommand.Type = WebhooksCommand.self
        var path: [String] = []
        for name in arguments {
            guard let next = command.configuration.subcommands.first(where: { $0._commandName == name }) else { break }
            command = next
            path.append(name)
        }
        return (command, path)
    }

    /// Options of a command that stand before its name. Their values are not repeated: one may be a secret.
    private static func optionsBeforeCommand(_ arguments: [String]) -> String? {
        guard let first = arguments.first, first.hasPrefix("-"), first != "-", !rootOptions.contains(first),
            let index = arguments.firstIndex(where: isCommand)
        else { return nil }
        let path = command(in: Array(arguments[index...])).path.joined(separator: " ")
        let name = String(first.prefix { $0 != "=" }.prefix(64))
        let value = name == first && index > 1 && !arguments[1].hasPrefix("-") ? " …" : ""
        return "options come after the command: webhooks \(path) \(PlainText.escaped(name))\(value)"
    }

    private static let rootOptions: Set<String> = [
        "-h", "--help", "--help-hidden", "--version", "--generate-completion-script", "--experimental-dump-help",
        // What a shell's completion asks with.
        "---completion",
    ]

    private static func isCommand(_ name: String) -> Bool {
        WebhooksCommand.configuration.subcommands.contains { $0._commandName == name }
    }

    private static func unknown(_ name: String, after path: String, _ known: [any ParsableCommand.Type]) -> String {
        let shown = PlainText.escaped(String(name.prefix(64)))
        let names = known.map { $0._commandName }
        let isRoot = path == "webhooks"
        let hint =
            (isRoot ? nested(name, in: known) : nil) ?? NameHint.question(name, in: names)
            ?? (isRoot ? otherNames[name].map { "did you mean \($0)?" } : nil)
            ?? "there are \(names.joined(separator: ", "))"
        return "there is no command `\(path) \(shown)`; \(hint)"
    }

    /// The commands that have a subcommand of this name.
    private static func nested(_ name: String, in known: [any ParsableCommand.Type]) -> String? {
        let parents = known.filter { $0.configuration.subcommands.contains { $0._commandName == name } }
        guard !parents.isEmpty else { return nil }
        let commands = parents.map { "`webhooks \($0._commandName) \(name)`" }
        return "there are " + commands.joined(separator: ", ")
    }

    /// The names that other programs, or people, give our commands, beyond what is near enough to be a slip.
    private static let otherNames = [
        "delivery": "deliveries", "version": "--version", "send": "emit", "publish": "emit", "replay": "retrigger",
        "resend": "retrigger", "start": "run", "health": "status",
        "follow": "tail", "explain": "match", "compare": "diff", "unpause": "resume", "erase": "expunge",
    ]
}
