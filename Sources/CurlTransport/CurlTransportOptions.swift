/// How a ``CurlTransport`` works.
public struct CurlTransportOptions: Sendable {
    /// Multi handles, each with a queue and connections of its own; endpoints are spread over them by host and port.
    /// Defaults to 1, which is best for up to about a thousand connections. libcurl looks through the connections of a
    /// multi handle after every request: with many thousands open at once, take one shard for about two thousand.
    public var shards: Int
    /// Idle connections that are kept at most, over all shards, each for up to 30 s. `nil`, the default: 512, or a quarter
    /// of the descriptors that the process may open where that is less.
    public var idleConnections: Int?

    public init(shards: Int = 1, idleConnections: Int? = nil) {
        self.shards = max(1, shards)
        self.idleConnections = idleConnections
    }
}
