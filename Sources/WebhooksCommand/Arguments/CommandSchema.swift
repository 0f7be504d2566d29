internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

/// The options and arguments that a command takes, as the parser describes them.
struct CommandSchema {
    struct Option: Equatable {
        /// With their dashes.
        var names: [String]
        var takesValue = false
        /// True when its value may begin with a dash.
        var takesAnything = false
    }

    var options: [Option] = []
    /// `nil`: any number.
    var positionals: Int? = 0
    private(set) var subcommands: [String: CommandSchema] = [:]

    /// Every command's. Made by a tour of all of them: only for telling what is wrong.
    static func root() -> CommandSchema? {
        let dump = try? JSON.parse(ByteString(WebhooksCommand._dumpHelp()))
        return dump?["command"].map { CommandSchema($0) }
    }

    private init(_ command: JSONValue) {
        for argument in command["arguments"]?.array ?? [] { add(argument) }
        for subcommand in command["subcommands"]?.array ?? [] {
            guard let name = subcommand["commandName"]?.string else { continue }
            subcommands[name] = CommandSchema(subcommand)
        }
    }

    private mutating func add(_ argument: JSONValue) {
        guard let kind = argument["kind"]?.string, kind != "positional" else {
            let isRepeating = if case .bool(true)? = argument["isRepeating"]?.kind { true } else { false }
            positionals = isRepeating ? nil : positionals.map { $0 + 1 }
            return
        }
        let names = (argument["names"]?.array ?? []).compactMap { name -> String? in
            guard let text = name["name"]?.string else { return nil }
            return (name["kind"]?.string == "long" ? "--" : "-") + text
        }
        let takesAnything = argument["parsingStrategy"]?.string == "unconditional"
        options.append(Option(names: names, takesValue: kind == "option", takesAnything: takesAnything))
    }

    /// The schema of a command by its path; `nil` where there is none.
    func command(_ path: [String]) -> CommandSchema? {
        var schema: CommandSchema? = self
        for name in path { schema = schema?.subcommands[name] }
        return schema
    }

    func option(named name: String) -> Option? { options.first { $0.names.contains(name) } }
}
