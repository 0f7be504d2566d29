#ifndef WEBHOOKS_CSQLITESHIM_H
#define WEBHOOKS_CSQLITESHIM_H

/// Keeps a connection from checkpointing when it is the last one to close.
///
/// `sqlite3_db_config` takes a variable list of arguments, and Swift can't call such functions.
/// - Parameter connection: an `sqlite3 *`.
/// - Returns: an SQLite result code.
int webhooks_sqlite_disable_checkpoint_on_close(void *connection);

/// Lets a connection checkpoint when it is the last one to close, as SQLite does by itself.
///
/// - Parameter connection: an `sqlite3 *`.
/// - Returns: an SQLite result code.
int webhooks_sqlite_enable_checkpoint_on_close(void *connection);

/// Makes a connection distrust the schema that it finds: functions and virtual tables that reach outside of the database
/// are refused in triggers, views, checks and indexes, and no statement can corrupt the file on purpose.
///
/// - Parameter connection: an `sqlite3 *`.
/// - Returns: an SQLite result code.
int webhooks_sqlite_distrust_schema(void *connection);

/// Gathers what a connection writes to its write-ahead log, and writes it at once before the log is synced, read or cut off.
///
/// For a connection whose log is open and that syncs with every commit (`synchronous` FULL): what it has committed is
/// published to others after the sync alone, and so never before it is in the file.
/// - Parameter connection: an `sqlite3 *`, in its write-ahead log's mode.
/// - Returns: an SQLite result code.
int webhooks_sqlite_gather_wal_writes(void *connection);

/// Tells whether a file is mounted by itself, as containers do with a volume of one file.
///
/// - Returns: 1 or 0; 0 also where the kernel can't tell.
int webhooks_is_mount_point(const char *path);

/// Tells whether a file or folder lies on NFS, SMB, CIFS or AFS, where SQLite's write-ahead log doesn't work.
int webhooks_is_network_disk(const char *path);

#endif
