#if PostgreSQL
    /// A statement, prepared once for a connection and found again by its text.
    ///
    /// Every parameter is cast where it is used, so that the server knows its type.
    struct Statement: Sendable, Hashable {
        let sql: String

        init(_ sql: String) { self.sql = sql }
    }

    /// A statement with its parameters.
    struct BoundStatement: Sendable {
        var statement: Statement
        var parameters: [Parameter]

        init(_ statement: Statement, _ parameters: [Parameter] = []) {
            self.statement = statement
            self.parameters = parameters
        }
    }

    extension Statement {
        static let begin = Statement("BEGIN")
        static let commit = Statement("COMMIT")
        static let rollback = Statement("ROLLBACK")
        static let savepoint = Statement("SAVEPOINT webhooks_row")
        static let releaseSavepoint = Statement("RELEASE SAVEPOINT webhooks_row")
        static let rollbackToSavepoint = Statement("ROLLBACK TO SAVEPOINT webhooks_row")
    }
#endif
