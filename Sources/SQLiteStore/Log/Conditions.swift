internal import GRDB
internal import WebhookCore

/// The conditions of a query, joined by AND.
struct Conditions {
    private var terms: [String] = []
    private(set) var arguments: StatementArguments = []

    /// The WHERE clause, or nothing.
    var clause: String { terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ") }

    /// Adds a condition with one `?`, unless there is no value.
    mutating func add(_ term: String, _ value: (any DatabaseValueConvertible)?) {
        guard let value else { return }
        terms.append(term)
        arguments += [value]
    }

    /// Adds that a column has one of some values, unless there are none.
    mutating func add(_ column: String, oneOf values: [some DatabaseValueConvertible]) {
        guard !values.isEmpty else { return }
        terms.append("\(column) IN (\(Self.marks(values.count)))")
        arguments += StatementArguments(values)
    }

    /// Adds a condition with as many `?` as there are values.
    mutating func add(_ term: String, values: [some DatabaseValueConvertible]) {
        terms.append(term)
        arguments += StatementArguments(values)
    }

    /// So many parameters.
    static func marks(_ count: Int) -> String {
        Array(repeating: "?", count: count).joined(separator: ", ")
    }
}
