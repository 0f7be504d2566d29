internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

/// Names that a shell completes: what the configuration knows, asked when the key is pressed.
///
/// By the configuration that the line names with `--config`, else by the one that a command would take. Never an error: a
/// file that can't be read completes nothing.
enum KnownCompletion {
    static let subscriptions = CompletionKind.custom { arguments, _, prefix in
        names(outline(arguments).entries?.map(\.name) ?? [], prefix)
    }

    static let topics = CompletionKind.custom { arguments, _, prefix in
        names(configuration(arguments).topics().names, prefix)
    }

    static let profiles = CompletionKind.custom { arguments, _, prefix in
        names(configuration(arguments).topics().profiles.map(\.name), prefix)
    }

    /// Those that begin as what is typed does, each once, in order.
    static func names(_ names: [String], _ prefix: String) -> [String] {
        Set(names.filter { $0.hasPrefix(prefix) }).sorted()
    }

    /// The file that a line names.
    static func config(in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if argument.hasPrefix("--config=") { return String(argument.dropFirst("--config=".count)) }
            if ["--config", "-c"].contains(argument), index + 1 < arguments.count { return arguments[index + 1] }
        }
        return nil
    }

    private static func configuration(_ arguments: [String]) -> WebhookConfiguration {
        .file(config(in: arguments) ?? ConfigurationOptions.standardPath.text)
    }

    private static func outline(_ arguments: [String]) -> ConfigurationOutline { configuration(arguments).outline() }
}
