#if PostgreSQL
    internal import WebhookCore

    /// Batches that failed as a whole, applied again with each member in a savepoint of its own, so that the store refuses only
    /// what it can't take.
    final class RowTrial {
        /// The kinds of members, to tell an error of the store's from one row's.
        enum Kind: Hashable {
            case result, settlement, health, resumption, acceptance, fanOut, openCancellation, setAside, claim
            case body, delivery, failedDelivery, event, subscription
        }

        /// A member that the store refuses, and why.
        struct Refused: Error {
            var reason: String
        }

        private let connection: PostgresConnection
        private var passed: Set<Kind> = []
        private var unclear: [(kind: Kind, failure: PostgresFailure)] = []
        private var depth = 0

        init(_ connection: PostgresConnection) { self.connection = connection }

        /// Does something in a savepoint; others may be within.
        ///
        /// - Throws: what is the store's fault.
        func take<Value>(_ kind: Kind, _ body: () throws -> Value) throws -> Result<Value, Refused> {
            depth += 1
            defer { depth -= 1 }
            let name = "webhooks_row\(depth)"
            try connection.run(Statement("SAVEPOINT \(name)"))
            do {
                let value = try body()
                try connection.run(Statement("RELEASE SAVEPOINT \(name)"))
                passed.insert(kind)
                return .success(value)
            } catch {
                let refused: Refused
                switch error {
                case let failure as PostgresFailure where failure.fault != .store && !failure.isCollision:
                    if failure.fault == .unclear { unclear.append((kind, failure)) }
                    refused = Refused(reason: failure.message)
                case let inner as Refused: refused = inner
                default: throw error
                }
                try connection.run([
                    BoundStatement(Statement("ROLLBACK TO SAVEPOINT \(name)")),
                    BoundStatement(Statement("RELEASE SAVEPOINT \(name)")),
                ])
                return .failure(refused)
            }
        }

        /// Runs what is pipelined in a savepoint.
        func take(_ kind: Kind, _ fill: (inout Pipeline) -> Void) throws -> Result<Void, Refused> {
            try take(kind) {
                var pipeline = Pipeline()
                fill(&pipeline)
                try connection.run(pipeline)
            }
        }

        /// Checks that no unclear error stands alone: where no other member of its kind passed, it is the store's.
        ///
        /// - Throws: that error.
        func checkVerdicts() throws {
            for refusal in unclear where !passed.contains(refusal.kind) { throw refusal.failure }
        }
    }
#endif
