/// Remembers which stored event is being rendered, beyond the end of the process.
///
/// An event whose rendering kills the process would kill it at every start. Its mark tells the next process who it was.
/// Nothing here is durable against a power failure, and need not be: so it costs next to nothing.
public protocol RenderingMark: Sendable {
    /// The event (row) that was being rendered when a process before this one ended.
    var interrupted: Int64? { get }

    /// Sets the mark on an event, or takes it away.
    func set(_ event: Int64?)
}

/// Remembers nothing: for stores that end with their process.
public struct NoRenderingMark: RenderingMark {
    public let interrupted: Int64? = nil

    public init() {}

    public func set(_ event: Int64?) {}
}
