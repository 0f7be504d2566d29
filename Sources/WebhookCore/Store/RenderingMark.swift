/// Remembers what is being rendered, beyond the end of the process.
///
/// A rendering that kills the process would kill it at every start. Its mark tells the next process what it was.
/// Nothing here is durable against a power failure, and need not be: so it costs next to nothing.
package protocol RenderingMark: Sendable {
    /// The events (rows) whose bodies were being rendered when a process before this one ended: at most one in each place.
    var interrupted: [Int64] { get }

    /// Deliveries whose requests have ended ``SetAside/mostEnds`` processes: no other is made for them.
    var deadly: Set<Delivery.ID> { get }

    /// Sets a place's mark on a rendering, or takes it away.
    func set(_ rendering: MarkedRendering?, at place: RenderingPlace)

    /// The end of a dispatcher.
    ///
    /// - Parameter removing: whether it has rendered all it began.
    func close(removing: Bool)
}

extension RenderingMark {
    /// Does nothing: what is not kept needs no end.
    package func close(removing: Bool) {}

    /// Sets the mark of what is rendered on the engine's queue, or takes it away.
    package func set(_ rendering: MarkedRendering?) { set(rendering, at: .engine) }
}

/// A place that renders one thing at a time. Each has its own mark: what ends a process while both render is counted
/// against both.
package enum RenderingPlace: Sendable, CaseIterable {
    /// The engine's queue: everything that takes microseconds.
    case engine
    /// The queue beside it: large events.
    case beside
}

/// A piece of work that may end the process.
package enum MarkedRendering: Sendable, Hashable {
    /// The bodies of an event (row).
    case fanOut(event: Int64)
    /// The headers of an attempt, or what is kept of its response.
    case attempt(Delivery.ID)
}

/// Remembers nothing: for stores that end with their process.
package struct NoRenderingMark: RenderingMark {
    package let interrupted: [Int64] = []
    package let deadly: Set<Delivery.ID> = []

    package init() {}

    package func set(_ rendering: MarkedRendering?, at place: RenderingPlace) {}
}
