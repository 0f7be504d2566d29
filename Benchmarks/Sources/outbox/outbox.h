// What a team writes by hand: rows in a table of PostgreSQL, taken a hundred at a time with SKIP LOCKED, posted and
// deleted in one transaction. It records nothing, signs nothing, and retries whatever fails for ever.
#pragma once

#include <stdbool.h>

#include <postgresql/libpq-fe.h>

struct options {
    const char *database;
    const char *url;  // endpoint n is posted to at this, followed by n
    const char *body; // a file
    long requests;
    int endpoints, callers;
    bool drains; // everything is in the table before the clock starts
};

// database.c
PGconn *database_open(const struct options *options);
// Runs a statement that has to succeed.
PGresult *database_run(PGconn *database, const char *sql);

// emit.c
// So many callers that each insert one row a transaction, until there are so many rows.
void emit_start(const struct options *options);
void emit_wait(void);

// worker.c
// Works off so many rows; false where one was refused.
bool worker_run(const struct options *options);
