// What the Swift pieces need of C.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Runs a statement on a database file and gives the first column of its first row, or 0 where there is none.
/// Returns false (with SQLite's message on standard error) where it fails.
bool cbench_sqlite(const char *path, const char *sql, int64_t *result);

/// A connection to a PostgreSQL database; NULL (with libpq's message on standard error) where there is none.
void *cbench_postgres_open(const char *url);
/// As `cbench_sqlite`, on such a connection.
bool cbench_postgres_number(void *connection, const char *sql, int64_t *result);
void cbench_postgres_close(void *connection);

/// How often this process has waited for a disk (fsync, fdatasync), and for how many nanoseconds in all.
/// SQLite's calls come through here: what claims to be durable must show up.
void cbench_syncs(uint64_t *count, uint64_t *nanoseconds);
