import GRDB
import WebhookSimulation

extension TestEnvironment {
    /// Works on the database itself, as somebody else would.
    func withDatabase<Value>(_ body: (Database) throws -> Value) throws -> Value {
        let queue = try DatabaseQueue(path: storePath)
        defer { try? queue.close() }
        return try queue.writeWithoutTransaction(body)
    }
}
