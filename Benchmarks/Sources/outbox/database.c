#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>

PGconn *database_open(const struct options *options) {
    PGconn *database = PQconnectdb(options->database);
    if (PQstatus(database) != CONNECTION_OK) {
        fprintf(stderr, "outbox: %s", PQerrorMessage(database));
        exit(69);
    }
    return database;
}

PGresult *database_run(PGconn *database, const char *sql) {
    PGresult *result = PQexec(database, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
    fprintf(stderr, "outbox: %s", PQerrorMessage(database));
    exit(70);
}
