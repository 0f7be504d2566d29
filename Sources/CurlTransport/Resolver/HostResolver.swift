public import WebhookCore

/// Finds the addresses of a name. A transport asks it once for every request to a name; address literals never reach it.
public protocol HostResolver: Sendable {
    /// Starts a lookup and returns at once.
    ///
    /// - Parameters:
    ///   - host: a name in ASCII, lower case.
    ///   - timeout: when to give up at the latest; the caller is answered then even if the lookup itself goes on.
    ///   - completion: called exactly once, on any thread. Addresses come in the order to try them in, never none.
    func resolve(
        _ host: String,
        timeout: Duration,
        completion: @escaping @Sendable (Result<[IPAddress], ResolutionError>) -> Void
    )
}
