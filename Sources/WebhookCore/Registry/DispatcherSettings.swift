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
    /// The time after which the subscriptions of a dispatcher that gives no sign of life are served by another, where
    /// several share a store on PostgreSQL; from 2 s to an hour, defaults to 15 s. Without effect where one delivers alone.
    public var lease: Duration = .seconds(15)
    /// The rules for the addresses that may be reached.
    public var egress = EgressPolicy()
    /// The settings of the HTTP API.
    package var server = ServerSettings()

    /// The built-in defaults.
    public init() {}

    /// The default of ``maxBody``: 64 MiB.
    public static let standardMaxBody = 64 << 20
    /// The values that ``maxBody`` may have. A store takes no value of a gigabyte.
    package static let maxBodyRange = 1024...(512 << 20)
    /// The values that ``lease`` may have: a shorter one ends in every pause of a busy machine.
    package static let leaseRange = Duration.seconds(2)...Duration.seconds(3600)
}

/// The location of a store.
public enum StoreLocation: Sendable, Hashable {
    /// A SQLite file, and the beginning of its tables' names: one file may hold several stores.
    case sqlite(path: String, prefix: String = "webhooks_")
    /// A PostgreSQL database: its URL, as libpq reads it, the schema in it that the store has to itself, and the password
    /// where the URL has none.
    case postgres(Secret, schema: String = "webhooks", password: Secret? = nil)
}

extension StoreLocation: CustomStringConvertible {
    /// As a configuration has it, without a password.
    public var description: String {
        switch self {
        case .sqlite(let path, let prefix):
            "sqlite:\(path)" + (prefix == Self.standardPrefix ? "" : "\(Self.prefixParameter)\(prefix)")
        case .postgres(let url, let schema, _):
            ((try? PostgresURL(url.reveal()).shown) ?? PostgresURL.hidden)
                + (schema == Self.standardSchema ? "" : " schema \(schema)")
        }
    }

    /// `true` where several dispatchers may run on it.
    package var isShared: Bool {
        switch self {
        case .sqlite: false
        case .postgres: true
        }
    }

    /// The beginning of the tables' names in a SQLite file, where none is named.
    package static let standardPrefix = "webhooks_"
    /// The beginning of what names another, behind the path.
    package static let prefixParameter = "?prefix="

    /// Tells whether a text can begin the names of tables: 2 to 32 lower-case letters, digits and underscores, first a letter, last
    /// an underscore, and none of SQLite's own.
    package static func isTablePrefix(_ text: String) -> Bool {
        func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
        let bytes = text.utf8
        return (2...32).contains(bytes.count) && bytes.first.map(isLetter) == true && bytes.last == UInt8(ascii: "_")
            && bytes.allSatisfy { isLetter($0) || JSONScanner.isDigit($0) || $0 == UInt8(ascii: "_") }
            && !text.hasPrefix("sqlite_")
    }

    /// The schema of a store on PostgreSQL for which none is named.
    package static let standardSchema = "webhooks"
}
