#include "CBench.h"

#include <postgresql/libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

static void ignore(void *context, const char *message) { (void)context, (void)message; }

void *cbench_postgres_open(const char *url) {
    PGconn *connection = PQconnectdb(url);
    PQsetNoticeProcessor(connection, ignore, NULL);
    if (PQstatus(connection) == CONNECTION_OK) return connection;
    fprintf(stderr, "%s", PQerrorMessage(connection));
    PQfinish(connection);
    return NULL;
}

bool cbench_postgres_number(void *connection, const char *sql, int64_t *result) {
    PGresult *answer = PQexec(connection, sql);
    ExecStatusType status = PQresultStatus(answer);
    bool is_done = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (!is_done) fprintf(stderr, "%s", PQerrorMessage(connection));
    *result = status == PGRES_TUPLES_OK && PQntuples(answer) > 0 ? strtoll(PQgetvalue(answer, 0, 0), NULL, 10) : 0;
    PQclear(answer);
    return is_done;
}

void cbench_postgres_close(void *connection) { PQfinish(connection); }
