public import GRDB
internal import WebhooksSQLite

extension DatabaseMigrator {
    /// Registers the migrations that make and update our tables (`webhooks_…`), one for each version of them, named
    /// `webhooks.1` and so on. Register them always, and before the host's own that refer to them.
    ///
    /// Tables that are made in any other way look like a change of the schema to `eraseDatabaseOnSchemaChange`, which then
    /// erases the database at every start. Where it erases, what was accepted is gone with the rest: migrate first, and make
    /// the dispatcher then. One that runs while its tables go ends with an error that says so.
    public mutating func registerWebhooks() {
        for version in SQLiteStore.schemaVersions {
            registerMigration("webhooks.\(version)") { db in try SQLiteStore.migrate(db, to: version) }
        }
    }
}

/// Preparations of a host's database that a dispatcher of another process works on.
public enum WebhooksDatabase {
    /// Makes or updates our tables in a database that has no `DatabaseMigrator`.
    ///
    /// With one, use ``GRDB/DatabaseMigrator/registerWebhooks()``.
    /// - Throws: ``StoreError`` with `newerSchema` or `damaged`, or GRDB's `DatabaseError`.
    public static func migrate(_ database: any DatabaseWriter) throws {
        try database.write { db in try SQLiteStore.migrate(db) }
    }

    /// Leaves the write-ahead log to the dispatcher of another process, which has the database as its configured store
    /// (`store: sqlite:PATH`); also makes our tables.
    ///
    /// Call it once the queue or pool is open. Sets `PRAGMA synchronous = FULL` and `PRAGMA wal_autocheckpoint = 0` on the
    /// writing connection, and keeps it from checkpointing when it closes. So that the dispatcher gets its turn, the
    /// connection pauses for two milliseconds after each commit that finds more than 64 MiB in the log. Not for a process
    /// whose dispatcher is made with the database: there the host's connection has to checkpoint.
    /// - Throws: ``StoreError`` with `newerSchema` or `damaged`, or GRDB's `DatabaseError`.
    public static func leaveCheckpointsToDispatcher(_ database: any DatabaseWriter) throws {
        try SQLiteStore.prepare(database)
    }
}
