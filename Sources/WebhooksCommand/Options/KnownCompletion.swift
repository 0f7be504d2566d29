internal import ArgumentParser
internal import Logging
internal import WebhookCore
internal import Webhooks

/// Names that a shell completes: what the configuration knows, asked when the key is pressed.
///
/// By the configuration that the line names with `--config`, else by the one that a command would take. Never an error: a
/// file that can't be read completes nothing.
enum KnownCompletion {
    /// Those of the file, for what is done to the file.
    static let configuredSubscriptions = CompletionKind.custom { arguments, _, prefix in
        names(outline(arguments).entries?.map(\.name) ?? [], prefix)
    }

    /// Those of the file, of the store, and those that only the log knows.
    static let subscriptions = CompletionKind.custom { arguments, _, prefix async in
        let stored = (try? await log(arguments)?.subscriptionNames()) ?? []
        return names((outline(arguments).entries?.map(\.name) ?? []) + stored, prefix)
    }

    static let topics = CompletionKind.custom { arguments, _, prefix in
        names(configuration(arguments).topics().names, prefix)
    }

    static let profiles = CompletionKind.custom { arguments, _, prefix in
        names(configuration(arguments).topics().profiles.map(\.name), prefix)
    }

    /// The newest events of the store.
    static let events = CompletionKind.custom { arguments, _, prefix async in
        names(await eventIDs(arguments), prefix)
    }

    /// The newest deliveries of the store.
    static let deliveries = CompletionKind.custom { arguments, _, prefix async in
        names(await deliveryIDs(arguments), prefix)
    }

    /// Either of them.
    static let ids = CompletionKind.custom { arguments, _, prefix async in
        names(await deliveryIDs(arguments) + eventIDs(arguments), prefix)
    }

    /// The number of newest rows that are offered.
    private static let most = 200

    private static func eventIDs(_ arguments: [String]) async -> [String] {
        var query = EventQuery()
        query.limit = most
        return (try? await log(arguments)?.events(query).map(\.id)) ?? []
    }

    private static func deliveryIDs(_ arguments: [String]) async -> [String] {
        var query = DeliveryQuery()
        query.limit = most
        return (try? await log(arguments)?.deliveries(query).map(\.id.description)) ?? []
    }

    private static func log(_ arguments: [String]) -> WebhookLog? {
        // Nothing is logged: it would stand among what is typed.
        let silent = Logger(label: "webhooks") { _ in SwiftLogNoOpLogHandler() }
        if let store = value(of: ["--store"], in: arguments) { return try? WebhookLog(store, logger: silent) }
        return outline(arguments).store.map { WebhookLog(store: $0, logger: silent) }
    }

    /// The names that begin as what is typed does, each once, in order.
    static func names(_ names: [String], _ prefix: String) -> [String] {
        Set(names.filter { $0.hasPrefix(prefix) && isPlain($0) }).sorted()
    }

    /// Tells whether a name means itself to every shell. Whoever emits chooses ids, and bash expands what it completes, commands
    /// included; a name that begins with a hyphen would be an option.
    private static func isPlain(_ name: String) -> Bool {
        name.utf8.first != UInt8(ascii: "-")
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_.:@%+/,".utf8.contains(byte)
                }
            }
    }

    /// The file that a line names.
    static func config(in arguments: [String]) -> String? { value(of: ["--config", "-c"], in: arguments) }

    private static func value(of names: [String], in arguments: [String]) -> String? {
        for (index, argument) in arguments.enumerated() {
            if let name = names.first(where: { argument.hasPrefix("\($0)=") }) {
                return String(argument.dropFirst(name.count + 1))
            }
            if names.contains(argument), index + 1 < arguments.count { return arguments[index + 1] }
        }
        return nil
    }

    private static func configuration(_ arguments: [String]) -> WebhookConfiguration {
        .file(config(in: arguments) ?? ConfigurationOptions.standardPath.text)
    }

    private static func outline(_ arguments: [String]) -> ConfigurationOutline { configuration(arguments).outline() }
}
