/// What the configuration says about the dispatcher as a whole.
public struct DispatcherSettings: Sendable, Hashable {
    /// Where the store is; `nil` where the configuration names none.
    public var store: StoreLocation?
    /// The most attempts in flight at once over all subscriptions; defaults to 512.
    public var maxInFlight: Int = 512
    /// How long a drain may take; defaults to 20 s.
    public var shutdownGrace: Duration = .seconds(20)
    /// Settled deliveries older than this are pruned; defaults to 30 days.
    public var retention: Duration = .seconds(30 * 86_400)
    /// Which addresses may be reached.
    public var egress = EgressPolicy()

    /// The built-in defaults.
    public init() {}
}

/// Where a store is.
public enum StoreLocation: Sendable, Hashable {
    /// A SQLite file.
    case sqlite(path: String)
    /// A PostgreSQL URL; it may hold a password.
    case postgres(Secret)
}
