internal import ArgumentParser
internal import Webhooks

/// Looks at the names of commands before the parser does, which says of an unknown one only that it did not expect it.
enum CommandNames {
    /// What is wrong with the command that the arguments name; `nil` where nothing is, or where it is not a name.
    static func problem(in arguments: [String]) -> String? {
        var command: any ParsableCommand.Type = WebhooksCommand.self
        var path = "webhooks"
        var rest = arguments[...]
        if rest.first == "help" { rest = rest.dropFirst() }
        while let name = rest.popFirst(), !name.hasPrefix("-") {
            let known = command.configuration.subcommands
            guard !known.isEmpty else { return nil }
            guard let next = known.first(where: { $0._commandName == name }) else {
                return unknown(name, after: path, known.map { $0._commandName })
            }
            command = next
            path += " \(name)"
        }
        return nil
    }

    private static func unknown(_ name: String, after path: String, _ known: [String]) -> String {
        let shown = PlainText.escaped(String(name.prefix(64)))
        let hint = NameHint.question(name, in: known) ?? "there are \(known.joined(separator: ", "))"
        return "there is no command `\(path) \(shown)`; \(hint)"
    }
}
