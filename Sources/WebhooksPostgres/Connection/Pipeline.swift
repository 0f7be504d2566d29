#if PostgreSQL
    /// Statements that go to the server together, each with what is to be done with its rows.
    struct Pipeline {
        private(set) var statements: [BoundStatement] = []
        private var takers: [(Rows) throws -> Void] = []

        var isEmpty: Bool { statements.isEmpty }

        /// Adds a statement.
        mutating func add(
            _ statement: Statement,
            _ parameters: [Parameter] = [],
            _ take: @escaping (Rows) throws -> Void = { _ in }
        ) {
            statements.append(BoundStatement(statement, parameters))
            takers.append(take)
        }

        /// Hands the rows over, in order.
        func take(_ rows: some Sequence<Rows>) throws {
            for (take, rows) in zip(takers, rows) { try take(rows) }
        }
    }

    extension PostgresConnection {
        /// Runs a pipeline in one round trip.
        func run(_ pipeline: Pipeline) throws {
            guard !pipeline.isEmpty else { return }
            try pipeline.take(try run(pipeline.statements))
        }
    }
#endif
