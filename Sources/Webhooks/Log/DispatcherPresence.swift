package import WebhookCore

/// Dispatchers that share a store and were connected to it a moment ago: its server has restarted, or they were killed.
package struct LostDispatchers: Sendable, Hashable {
    package var count: Int
    /// The age of the last sign of life, in seconds.
    package var seconds: Int64

    /// - Parameters:
    ///   - nodes: those whose leases last, while none is connected; `nil` in a store that is one dispatcher's alone.
    ///   - now: the time.
    /// - Returns: `nil`: there are none.
    package init?(_ nodes: [LivingNode]?, at now: Timestamp) {
        guard let nodes, let seen = nodes.map(\.heartbeatAt).max() else { return nil }
        count = nodes.count
        seconds = max(0, now.milliseconds - seen.milliseconds) / 1000
    }

    /// `the 2 dispatchers gave a sign of life 3 s ago`.
    package var text: String {
        "\(count == 1 ? "the dispatcher" : "the \(count) dispatchers") gave a sign of life \(seconds) s ago"
    }
}

/// The one that delivers what is in a store, or why there is none.
package enum DispatcherPresence: Sendable, Hashable {
    case running(WebhookLog.RunningDispatcher)
    /// They come back within seconds, or are forgotten.
    case reconnecting(LostDispatchers)
    case none

    package var running: WebhookLog.RunningDispatcher? { if case .running(let running) = self { running } else { nil } }
    package var lost: LostDispatchers? { if case .reconnecting(let lost) = self { lost } else { nil } }
}

extension WebhookLog {
    /// Tells who delivers, and whether somebody did a moment ago where nobody does.
    package func dispatcherPresence() async -> DispatcherPresence {
        if let running = await runningDispatcher() { return .running(running) }
        guard let store = try? await stores.reader(), let nodes = try? await Self.nodes(of: store) else { return .none }
        return LostDispatchers(nodes, at: .now).map { .reconnecting($0) } ?? .none
    }
}
