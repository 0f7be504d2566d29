internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Nodes: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The dispatchers that share a store on PostgreSQL: who is alive, what each serves, how late it is.",
        discussion: """
            A dispatcher that gives no sign of life for `dispatcher.lease` is gone from the list, and the others serve what it \
            did. Those with the same CONFIGURATION share the subscriptions; others serve only what nobody else does. LAG is \
            the time for which what is due longest there has been waiting.

              webhooks nodes
              webhooks nodes --json | jq -s 'map(.subscriptions) | add'
              webhooks nodes --watch     (until Ctrl-C)
            """
    )

    @OptionGroup var watching: WatchOptions

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let opened = try options.openLog()
        _ = try await watching.look(asJSON: options.json) {
            let nodes = try await opened.log.nodes()
            return (nodes, nodes.isEmpty ? await opened.log.runningDispatcher() : nil)
        } write: {
            write($0, running: $1)
        }
    }

    /// - Parameter running: the dispatcher that is there, where none renews its leases.
    private func write(_ nodes: [LivingNode], running: WebhookLog.RunningDispatcher?) {
        if options.json {
            for node in nodes { NodeOutput.json(node).write() }
            return
        }
        var table = Table([
            .init("NODE"), .init("HOST", flexible: true), .init("PID", number: true), .init("STARTED", sacrifice: 1),
            .init("HEARTBEAT", sacrifice: 2), .init("SUBSCRIPTIONS", number: true),
            .init("CONFIGURATION", sacrifice: 3), .init("LAG", number: true),
        ])
        for node in nodes { table.add(NodeOutput.cells(node)) }
        Pages.write(table, empty: NodeOutput.nobody(running))
        if let text = NodeOutput.disagreement(nodes) { Notice.warning("nodes_disagree", text, asJSON: false) }
    }
}

/// A node, as JSON and for people.
enum NodeOutput {
    static func json(_ node: LivingNode) -> JSONOutput {
        let record = node.record
        return [
            "node": .text(record.id.rawValue), "host": .text(record.host), "pid": .integer(Int64(record.pid)),
            "startedAt": .time(record.startedAt), "heartbeatAt": .time(node.heartbeatAt),
            "subscriptions": .integer(record.subscriptions), "configuration": .text(record.configuration),
            "lagMs": .integer(record.lag.map { Int($0.wholeMilliseconds) }),
        ]
    }

    static func cells(_ node: LivingNode) -> [Table.Cell] {
        let record = node.record
        return [
            .init(record.id.rawValue), .init(record.host), .init(String(record.pid)),
            .init(RelativeTime.text(record.startedAt)), .init(RelativeTime.text(node.heartbeatAt)),
            .init(String(record.subscriptions)), .init(record.configuration),
            .init(record.lag.map(RelativeTime.duration)),
        ]
    }

    /// Says that no node is alive.
    ///
    /// - Parameter running: a dispatcher that is connected all the same.
    static func nobody(_ running: WebhookLog.RunningDispatcher?) -> String {
        guard let running else { return "no dispatcher runs" }
        let trouble = running.storeTrouble.map { ", which can't record anything (\($0))" } ?? ""
        return "no dispatcher renews its leases; process \(running.processID)\(trouble) is connected: `webhooks status`"
    }

    /// The warning that nodes have different configurations; `nil`: they have the same.
    static func disagreement(_ nodes: [LivingNode]) -> String? {
        let count = Set(nodes.map(\.record.configuration)).count
        guard count > 1 else { return nil }
        return "the dispatchers have \(count) different configurations: give all the same file and reload them (SIGHUP)"
    }
}
