internal import WebhookCore
internal import Webhooks

/// Finds what no command can mean among arguments: options that it doesn't have, and more values than it takes.
///
/// The parser tells of what is missing first, which is often only what a slip has left out.
enum ArgumentProblem {
    /// The first problem; `nil` where there is none.
    ///
    /// - Parameter arguments: those behind the command's name.
    static func find(in arguments: [String], _ schema: CommandSchema) -> String? {
        var rest = arguments[...]
        var values: [String] = []
        while let argument = rest.popFirst() {
            if argument == "--" {
                values += rest
                break
            }
            guard argument.hasPrefix("-"), argument != "-" else {
                values.append(argument)
                continue
            }
            let name = String(argument.prefix { $0 != "=" })
            guard let option = schema.option(named: name) else {
                // Numbers begin so, too; the parser knows where one may stand.
                if argument.dropFirst().first?.isNumber == true { continue }
                return unknown(name, schema)
            }
            guard option.takesValue, name == argument, let next = rest.first else { continue }
            if option.takesAnything || next == "-" || !next.hasPrefix("-") { rest.removeFirst() }
        }
        guard let most = schema.positionals, values.count > most else { return nil }
        return surplus(values[most], schema)
    }

    private static func unknown(_ name: String, _ schema: CommandSchema) -> String {
        if name == "--event", schema.option(named: "--state") != nil, schema.positionals == 0 {
            return "Unknown option '--event'; `webhooks events show ID` lists an event's deliveries"
        }
        let long = schema.options.flatMap(\.names).filter { $0.hasPrefix("--") }
        // Without the dashes, which would make any two names look alike.
        let near = NameHint.nearest(to: String(name.drop { $0 == "-" }), in: long.map { String($0.dropFirst(2)) })
        let hint = near.map { ". Did you mean '--\($0)'?" } ?? ""
        return "Unknown option '\(shown(name))'\(hint)"
    }

    private static func surplus(_ text: String, _ schema: CommandSchema) -> String {
        "unexpected argument '\(shown(text))'" + (hint(for: text, schema).map { "; \($0)" } ?? "")
    }

    private static func hint(for text: String, _ schema: CommandSchema) -> String? {
        let isFile = [".yaml", ".yml", ".json"].contains { text.hasSuffix($0) }
        if schema.option(named: "--data") != nil {
            if let first = text.first, "{[\"@".contains(first) { return "the payload goes after --data" }
            if text.hasSuffix(".json") { return "a file's payload is --data @\(shown(text))" }
        }
        if isFile, schema.option(named: "--config") != nil { return "a configuration is --config \(shown(text))" }
        if DeliveryState(rawValue: text) != nil, schema.option(named: "--state") != nil {
            return "a state is --state \(text)"
        }
        return nil
    }

    /// Short, harmless, and without what could be a secret.
    private static func shown(_ text: String) -> String {
        let isSecret = ["whsec_", "whsk_"].contains { text.contains($0) }
        return isSecret ? "***" : PlainText.escaped(text.count > 64 ? text.prefix(64) + "…" : text)
    }
}
