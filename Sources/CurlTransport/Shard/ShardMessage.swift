internal import WebhookCore

/// What is said to a shard from outside its queue.
enum ShardMessage: Sendable {
    case send([TransportOrder], @Sendable ([TransportCompletion]) -> Void)
    /// A lookup for the exchange with this number ended.
    case resolved(UInt64, HostAnswer)
    case cancelAll
    case shutDown
}
