/// The configuration's settings for the dispatcher as a whole.
public struct DispatcherSettings: Sendable, Hashable {
    /// The store's location; `nil` where the configuration names none.
    public var store: StoreLocation?
    /// The most attempts in flight at once over all subscriptions; defaults to 512.
    public var maxInFlight: Int = 512
    /// The longest time that a drain may take; defaults to 20 s.
    public var shutdownGrace: Duration = .seconds(20)
    /// Settled deliveries older than this are pruned; defaults to 30 days.
    public var retention: Duration = .seconds(30 * 86_400)
    /// The most bytes of a rendered body; defaults to 64 MiB. The body of a small event is held to less: eight times the
    /// data and 1 MiB. What would be larger is not sent: the delivery fails as `template`.
    public var maxBody: Int = Self.standardMaxBody
    /// The rules for the addresses that may be reached.
    public var egress = EgressPolicy()

    /// The built-in defaults.
    public init() {}

    /// The default of ``maxBody``: 64 MiB.
    public static let standardMaxBody = 64 << 20
    /// The values that ``maxBody`` may have. A store takes no value of a gigabyte.
    package static let maxBodyRange = 1024...(512 << 20)
}

/// The location of a store.
public enum StoreLocation: Sendable, Hashable {
    /// A SQLite file.
    case sqlite(path: String)
    /// A PostgreSQL URL; it may hold a password.
    case postgres(Secret)
}
