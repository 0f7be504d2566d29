#include "CWebhooksSQLite.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

// SQLite writes each page of a commit to the write-ahead log by itself, and its header of 24 bytes before it: two system
// calls a page. They follow each other in the file, and are gathered here until it is synced, still within the commit.
//
// Nothing may be gathered beyond that: once a transaction is rolled back, what it would have written is others' place.
// The pages that SQLite writes before the commit, for its cache is full (it "spills"), are therefore passed on at once.

enum { room = 128 * 1024 };

// Stands in the place of a file's methods, and begins with them: it is found by them.
struct wal_writes {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *next;
    sqlite3 *connection;
    // The pages that the connection had spilled when it last committed; -1: that is not known.
    int spilled;
    // What is gathered belongs here.
    sqlite3_int64 offset;
    int count;
    unsigned char bytes[room];
};

static struct wal_writes *of(sqlite3_file *file) { return (struct wal_writes *)file->pMethods; }

static int pages_spilled(struct wal_writes *writes) {
    int count = 0, most = 0;
    int code = sqlite3_db_status(writes->connection, SQLITE_DBSTATUS_CACHE_SPILL, &count, &most, 0);
    return code == SQLITE_OK ? count : -1;
}

// What can't be written is given up with its transaction.
static int flush(sqlite3_file *file) {
    struct wal_writes *writes = of(file);
    int count = writes->count;
    writes->count = 0;
    return count ? writes->next->xWrite(file, writes->bytes, count, writes->offset) : SQLITE_OK;
}

static int write_gathered(sqlite3_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    struct wal_writes *writes = of(file);
    if (writes->count && (offset != writes->offset + writes->count || count > room - writes->count)) {
        int code = flush(file);
        if (code != SQLITE_OK) return code;
    }
    if (!writes->count) {
        // Within a commit nothing is spilled: one look at its beginning is enough.
        bool passes_on = count > room || writes->spilled < 0 || pages_spilled(writes) != writes->spilled;
        if (passes_on) return writes->next->xWrite(file, bytes, count, offset);
        writes->offset = offset;
    }
    memcpy(writes->bytes + writes->count, bytes, (size_t)count);
    writes->count += count;
    return SQLITE_OK;
}

static int read_flushed(sqlite3_file *file, void *bytes, int count, sqlite3_int64 offset) {
    int code = flush(file);
    return code == SQLITE_OK ? of(file)->next->xRead(file, bytes, count, offset) : code;
}

static int sync_flushed(sqlite3_file *file, int flags) {
    struct wal_writes *writes = of(file);
    int code = flush(file);
    writes->spilled = pages_spilled(writes);
    return code == SQLITE_OK ? writes->next->xSync(file, flags) : code;
}

static int truncate_flushed(sqlite3_file *file, sqlite3_int64 size) {
    int code = flush(file);
    return code == SQLITE_OK ? of(file)->next->xTruncate(file, size) : code;
}

static int size_flushed(sqlite3_file *file, sqlite3_int64 *size) {
    int code = flush(file);
    return code == SQLITE_OK ? of(file)->next->xFileSize(file, size) : code;
}

// What was committed was synced before.
static int close_wal(sqlite3_file *file) {
    struct wal_writes *writes = of(file);
    file->pMethods = writes->next;
    free(writes);
    return file->pMethods->xClose(file);
}

// Versions 2 and 3 have more methods at the end.
static size_t size_of_methods(int version) {
    if (version >= 3) return sizeof(sqlite3_io_methods);
    return version == 2 ? offsetof(sqlite3_io_methods, xFetch) : offsetof(sqlite3_io_methods, xShmMap);
}

int webhooks_sqlite_gather_wal_writes(void *connection) {
    sqlite3_file *file = NULL;
    int code = sqlite3_file_control((sqlite3 *)connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    if (code != SQLITE_OK || !file || !file->pMethods) return code;
    struct wal_writes *writes = calloc(1, sizeof *writes);
    if (!writes) return SQLITE_NOMEM;
    writes->next = file->pMethods;
    writes->connection = connection;
    writes->spilled = pages_spilled(writes);
    memcpy(&writes->methods, file->pMethods, size_of_methods(file->pMethods->iVersion));
    writes->methods.xWrite = write_gathered;
    writes->methods.xRead = read_flushed;
    writes->methods.xSync = sync_flushed;
    writes->methods.xTruncate = truncate_flushed;
    writes->methods.xFileSize = size_flushed;
    writes->methods.xClose = close_wal;
    file->pMethods = &writes->methods;
    return SQLITE_OK;
}
