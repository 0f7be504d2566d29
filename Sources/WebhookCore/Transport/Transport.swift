/// Sends requests. The engine admits them; a transport never queues one and never sends one twice.
public protocol Transport: Sendable {
    /// Starts requests. Returns at once; each is answered by exactly one completion, also after ``cancelAll()``.
    ///
    /// - Parameter completion: called on a queue of the transport's, with results in batches as they come.
    func send(_ orders: [TransportOrder], completion: @escaping @Sendable ([TransportCompletion]) -> Void)

    /// Ends every request under way; those end as `failed(.interrupted, …)` with the truth about ``TransportResult/requestLeft``.
    func cancelAll()
}

/// A request with the number its result comes back under.
public struct TransportOrder: Sendable {
    public var token: UInt64
    public var request: TransportRequest

    public init(token: UInt64, request: TransportRequest) {
        self.token = token
        self.request = request
    }
}

/// A result.
public struct TransportCompletion: Sendable {
    public var token: UInt64
    public var result: TransportResult

    public init(token: UInt64, result: TransportResult) {
        self.token = token
        self.result = result
    }
}
