/// How a ``Receiver`` listens.
public struct ReceiverOptions: Sendable, Hashable {
    /// The address to listen on, an IPv4 or IPv6 literal, or `localhost` for 127.0.0.1. Defaults to `127.0.0.1`.
    public var host = "127.0.0.1"
    /// The port; 0 for a free one. Defaults to 0.
    public var port: UInt16 = 0
    /// Whether requests are kept for ``Receiver/requests``. They are counted in any case. Defaults to true.
    public var recordsRequests = true
    /// The largest request line and header fields, in bytes; a larger head is answered with 431. Defaults to 64 KiB.
    public var maxHeadSize = 65_536
    /// The largest body in bytes; a larger one is answered with 413. Defaults to 64 MiB.
    public var maxBodySize = 67_108_864
    /// How many connections may wait to be accepted. Defaults to 4096; the system may cap it.
    public var backlog = 4096

    /// Options with the defaults for what isn't given.
    public init(host: String = "127.0.0.1", port: UInt16 = 0, recordsRequests: Bool = true) {
        self.host = host
        self.port = port
        self.recordsRequests = recordsRequests
    }
}
