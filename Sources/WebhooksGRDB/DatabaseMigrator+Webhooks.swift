public import GRDB
internal import WebhookCore
internal import WebhooksSQLite

extension DatabaseMigrator {
    /// Registers the migrations that make and update our tables (`webhooks_…`), one for each version of them, named
    /// `webhooks.1` and so on. Register them always, and before the host's own that refer to them.
    ///
    /// Tables that are made in any other way look like a change of the schema to `eraseDatabaseOnSchemaChange`, which then
    /// erases the database at every start. Where it erases, what was accepted is gone with the rest: migrate first, and make
    /// the dispatcher then. One that runs while its tables go ends with an error that says so.
    ///
    /// - Parameter prefix: the beginning of the tables' names, and, without its last underscore, of the migrations' names;
    ///   2 to 32 lower-case letters, digits and underscores, first a letter, last an underscore. Defaults to `webhooks_`.
    ///   Migrating fails for any other text. Two prefixes in one database are two stores, which know nothing of each other.
    public mutating func registerWebhooks(prefix: String = "webhooks_") {
        let tables = Result { () throws(StoreError) in try TablePrefix(prefix) }
        for version in SQLiteStore.schemaVersions {
            registerMigration("\(prefix.dropLast()).\(version)") { db in
                try SQLiteStore.migrate(db, tables.get(), to: version)
            }
        }
    }
}

/// Preparations of a host's database that a dispatcher of another process works on.
public enum WebhooksDatabase {
    /// Makes or updates our tables in a database that has no `DatabaseMigrator`.
    ///
    /// With one, use ``GRDB/DatabaseMigrator/registerWebhooks(prefix:)``.
    /// - Throws: ``StoreError`` with `newerSchema`, `damaged`, or `refused` for the prefix; or GRDB's `DatabaseError`.
    public static func migrate(_ database: any DatabaseWriter, prefix: String = "webhooks_") throws {
        let prefix = try TablePrefix(prefix)
        try database.write { db in try SQLiteStore.migrate(db, prefix) }
    }

    /// Leaves the write-ahead log to the dispatcher of another process, which has the database as its configured store
    /// (`store: sqlite:PATH`); also makes our tables.
    ///
    /// Call it once the queue or pool is open. Sets `PRAGMA synchronous = FULL` and `PRAGMA wal_autocheckpoint = 0` on the
    /// writing connection, and keeps it from checkpointing when it closes. So that the dispatcher gets its turn, the
    /// connection pauses for two milliseconds after each commit that finds more than 64 MiB in the log. Not for a process
    /// whose dispatcher is made with the database: there the host's connection has to checkpoint.
    /// - Throws: ``StoreError`` with `newerSchema`, `damaged`, or `refused` for the prefix; or GRDB's `DatabaseError`.
    public static func leaveCheckpointsToDispatcher(
        _ database: any DatabaseWriter,
        prefix: String = "webhooks_"
    ) throws {
        try SQLiteStore.prepare(database, try TablePrefix(prefix))
    }
}
