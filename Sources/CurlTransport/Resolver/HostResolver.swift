public import WebhookCore

/// Finds the addresses of a name. A transport asks it once for every request to a name; address literals never reach it.
public protocol HostResolver: Sendable {
    /// Starts a lookup and returns at once.
    ///
    /// - Parameter completion: called exactly once, on any thread.
    func resolve(_ query: HostQuery, completion: @escaping @Sendable (HostAnswer) -> Void)
}

/// A name to look up.
public struct HostQuery: Sendable, Hashable {
    /// The name in ASCII, lower case.
    public var host: String
    /// Whether the endpoint has answered before, perhaps in an earlier process: its name goes first where names wait.
    public var isProven: Bool
    /// How long the lookup may take, from the moment at which it begins; the caller is answered then even if the lookup
    /// itself goes on. Waiting for the lookup to begin does not count.
    public var timeout: Duration

    public init(host: String, isProven: Bool = false, timeout: Duration) {
        self.host = host
        self.isProven = isProven
        self.timeout = timeout
    }
}

/// What a lookup found.
public struct HostAnswer: Sendable {
    /// The addresses in the order to try them in, never none.
    public var result: Result<[IPAddress], ResolutionError>
    /// How long the query waited before its lookup began: time that is not the delivery's.
    public var waited: Duration

    public init(_ result: Result<[IPAddress], ResolutionError>, waited: Duration = .zero) {
        self.result = result
        self.waited = waited
    }
}
