/// A table of a store, in the form that all kinds of stores share: to be copied from one into another.
///
/// Each store knows where its own tables differ: SQLite numbers bodies over all events, PostgreSQL within one.
package struct StoredTable: Sendable, Hashable {
    /// A column's type.
    package enum Kind: Sendable, Hashable {
        case int64, int32, int16, bool, text, bytes
        /// A text that may hold NUL, which PostgreSQL's own texts can't.
        case utf8
    }

    package struct Column: Sendable, Hashable {
        package var name: String
        package var kind: Kind
    }

    package let name: String
    /// The key's columns first.
    package let columns: [Column]
    package let keyCount: Int

    package var key: ArraySlice<Column> { columns.prefix(keyCount) }

    private init(_ name: String, key: [(Kind, String)], _ columns: [(Kind, String)]) {
        self.name = name
        keyCount = key.count
        self.columns = (key + columns).flatMap { kind, names in
            names.split(separator: " ").map { Column(name: String($0), kind: kind) }
        }
    }

    /// The position of a column.
    ///
    /// - Precondition: the table has it.
    package func position(of column: String) -> Int {
        guard let position = columns.firstIndex(where: { $0.name == column }) else {
            preconditionFailure("\(name) has no column \(column)")
        }
        return position
    }
}

extension StoredTable {
    /// The tables that every kind of store has, in the order in which they are copied.
    package static let all = [events, subscriptions, bodies, deliveries, attempts, cancellations, pending]

    package static let events = StoredTable(
        "events",
        key: [(.int64, "id")],
        [
            (.int64, "occurred_at created_at deliver_at checksum"), (.bool, "occurred_given test cancelled"),
            (.text, "event_id topic tenant target trace"), (.bytes, "data"),
        ]
    )
    package static let subscriptions = StoredTable(
        "subscriptions",
        key: [(.int32, "id")],
        [
            (.text, "name disabled_cause"),
            (.int64, "disabled_at enabled_at failing_since paused_at paused_until resumed_at retries"),
            (.int64, "breaker_until last_start_at"), (.int32, "breaker_failures"), (.bool, "has_succeeded"),
        ]
    )
    /// `number` counts the bodies of an event from 0.
    package static let bodies = StoredTable(
        "bodies",
        key: [(.int64, "event"), (.int32, "number")],
        [(.int32, "split"), (.int64, "checksum"), (.bytes, "content")]
    )
    package static let deliveries = StoredTable(
        "deliveries",
        key: [(.int64, "id")],
        [
            (.int64, "event created_at retrigger_of due_at wait claimed_at cancelled_at settled_at"),
            (.int32, "subscription body attempts uncounted_attempts interruptions last_status"),
            (.int16, "state content_type mode last_error"), (.bool, "test"), (.text, "detail"),
        ]
    )
    package static let attempts = StoredTable(
        "attempts",
        key: [(.int64, "delivery"), (.int32, "number")],
        [
            (.int64, "started_at finished_at duration dns connect tls first_byte checksum"), (.int32, "status"),
            (.int16, "outcome error"), (.bool, "truncated reused"), (.text, "http_version remote_address url"),
            (.utf8, "detail"), (.bytes, "headers response_body"),
        ]
    )
    package static let cancellations = StoredTable(
        "cancellations",
        key: [(.text, "subscription"), (.int64, "from_event")],
        [(.int64, "up_to_event")]
    )
    package static let pending = StoredTable(
        "pending",
        key: [(.int64, "event")],
        [(.int64, "due_at place"), (.int32, "ends"), (.text, "set_aside")]
    )

    /// The tables of the HTTP API, and of subscriptions in the store.
    package static let platform = [
        StoredTable(
            "applications",
            key: [(.text, "id")],
            [
                (.text, "uid tenant name metadata"), (.int32, "throttle"),
                (.int64, "created_at updated_at events_since deleted_at"),
            ]
        ),
        StoredTable(
            "event_types",
            key: [(.text, "name")],
            [
                (.text, "description schemas family feature_flags"), (.bool, "archived deprecated"),
                (.int64, "created_at updated_at"),
            ]
        ),
        StoredTable(
            "messages",
            key: [(.int64, "event")],
            [(.text, "application event_id channels tags"), (.int64, "expires_at expunged_at")]
        ),
        StoredTable(
            "answers",
            key: [(.bytes, "key")],
            [(.bytes, "request body"), (.int32, "status"), (.int64, "expires_at")]
        ),
        StoredTable(
            "tokens",
            key: [(.bytes, "digest")],
            [(.text, "application capabilities session"), (.bool, "read_only"), (.int64, "expires_at")]
        ),
        StoredTable(
            "tasks",
            key: [(.text, "id")],
            // Without a claim: whoever had that works on the other store.
            [
                (.text, "kind application subject state parameters data"), (.int64, "done updated_at due_at"),
                (.int32, "attempts"),
            ]
        ),
        StoredTable(
            "stored_subscriptions",
            key: [(.text, "id")],
            [
                (.int64, "version created_at updated_at deleted_at"), (.bool, "disabled"),
                (.text, "name uid tenant definition credentials_key channels metadata"), (.bytes, "credentials"),
            ]
        ),
        StoredTable(
            "stored_secrets",
            key: [(.text, "subscription"), (.int32, "place")],
            [(.text, "key"), (.int64, "created_at expires_at"), (.bytes, "sealed")]
        ),
    ]
}

/// A cell.
package enum StoredValue: Sendable, Hashable {
    case null
    /// A whole number; 0 or 1 for a truth value.
    case integer(Int64)
    case text(String)
    case bytes(ByteString)

    package var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    package var text: String? { if case .text(let value) = self { value } else { nil } }
    package var bytes: ByteString? { if case .bytes(let value) = self { value } else { nil } }

    /// About the room that it takes in memory.
    package var size: Int {
        switch self {
        case .null, .integer: 8
        case .text(let text): text.utf8.count
        case .bytes(let bytes): bytes.count
        }
    }
}

/// A row: a value for each of the table's columns.
package typealias CopiedRow = [StoredValue]

/// The rows behind one key, up to another.
package struct KeyRange: Sendable, Hashable {
    /// `nil`: from the first row on.
    package var after: CopiedRow?
    /// `nil`: to the last row.
    package var upTo: CopiedRow?

    package init(after: CopiedRow? = nil, upTo: CopiedRow? = nil) {
        self.after = after
        self.upTo = upTo
    }
}

/// The bounds of a page of rows: whichever is reached first ends it.
package struct PageLimit: Sendable, Hashable {
    package var rows: Int
    package var bytes: Int

    package static let standard = PageLimit(rows: 1000, bytes: 8 << 20)

    package init(rows: Int, bytes: Int) {
        self.rows = rows
        self.bytes = bytes
    }
}

extension Checksum {
    /// Adds the cells of a row.
    package mutating func add(_ row: CopiedRow) {
        for value in row {
            switch value {
            case .null: add(nil)
            case .integer(let number): add(number)
            case .text(let text): add(text)
            case .bytes(let bytes): add(bytes)
            }
        }
    }
}
