// What the Swift pieces need of C.
#pragma once

#include <stdbool.h>
#include <stdint.h>

/// Runs a statement on a database file and gives the first column of its first row, or 0 where there is none.
/// Returns false (with SQLite's message on standard error) where it fails.
bool cbench_sqlite(const char *path, const char *sql, int64_t *result);

/// How often this process has waited for a disk (fsync, fdatasync), and for how many nanoseconds in all.
/// SQLite's calls come through here: what claims to be durable must show up.
void cbench_syncs(uint64_t *count, uint64_t *nanoseconds);
