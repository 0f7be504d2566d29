#if PostgreSQL
    internal import WebhookCore

    /// The conditions of a query, joined by AND, and their parameters.
    struct Conditions {
        private var terms: [String] = []
        private(set) var parameters: [Parameter] = []
        /// The beginning of the statement, which the conditions refer to.
        var head = ""

        /// The WHERE clause, or nothing.
        var clause: String { terms.isEmpty ? "" : "WHERE " + terms.joined(separator: " AND ") }

        /// Adds a condition without a parameter.
        mutating func add(_ term: String) { terms.append(term) }

        /// Adds a condition in which `?` is a parameter.
        mutating func add(_ term: String, _ parameter: Parameter) {
            terms.append(term.replacing("?", with: mark(parameter)))
        }

        /// Adds a parameter.
        ///
        /// - Returns: what stands for it.
        mutating func mark(_ parameter: Parameter) -> String {
            parameters.append(parameter)
            return "$\(parameters.count)"
        }
    }
#endif
