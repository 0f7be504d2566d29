#include "CBench.h"

#include <sqlite3.h>
#include <stdio.h>

bool cbench_sqlite(const char *path, const char *sql, int64_t *result) {
    sqlite3 *database = NULL;
    sqlite3_stmt *statement = NULL;
    *result = 0;
    int code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READWRITE, NULL);
    if (code == SQLITE_OK) sqlite3_busy_timeout(database, 10000);
    if (code == SQLITE_OK) code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        if (code == SQLITE_ROW) *result = sqlite3_column_int64(statement, 0);
        while (code == SQLITE_ROW) code = sqlite3_step(statement);
    }
    if (code != SQLITE_OK && code != SQLITE_DONE) fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(database));
    sqlite3_finalize(statement);
    sqlite3_close(database);
    return code == SQLITE_OK || code == SQLITE_DONE;
}
