#ifndef WEBHOOKS_CSQLITESHIM_H
#define WEBHOOKS_CSQLITESHIM_H

/// Keeps a connection from checkpointing when it is the last one to close.
///
/// `sqlite3_db_config` takes a variable list of arguments, and Swift can't call such functions.
/// - Parameter connection: an `sqlite3 *`.
/// - Returns: an SQLite result code.
int webhooks_sqlite_disable_checkpoint_on_close(void *connection);

#endif
