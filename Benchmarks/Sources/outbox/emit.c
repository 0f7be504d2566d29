#include "outbox.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static const struct options *options;
static pthread_t *threads;
static atomic_long next;

static char *read_body(void) {
    FILE *file = fopen(options->body, "rb");
    char *bytes = calloc(1, 65536);
    if (!file || !bytes || !fread(bytes, 1, 65535, file)) {
        fprintf(stderr, "outbox: %s can't be read\n", options->body);
        exit(65);
    }
    fclose(file);
    return bytes;
}

static void *call(void *body) {
    PGconn *database = database_open(options);
    PQclear(PQprepare(database, "insert", "INSERT INTO outbox (endpoint, body) VALUES ($1, $2)", 2, NULL));
    long number;
    while ((number = atomic_fetch_add(&next, 1)) < options->requests) {
        char endpoint[16];
        snprintf(endpoint, sizeof endpoint, "%ld", number % options->endpoints);
        const char *values[] = {endpoint, body};
        PGresult *result = PQexecPrepared(database, "insert", 2, values, NULL, NULL, 0);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            fprintf(stderr, "outbox: %s", PQerrorMessage(database));
            exit(70);
        }
        PQclear(result);
    }
    PQfinish(database);
    return NULL;
}

void emit_start(const struct options *options_) {
    options = options_;
    threads = calloc((size_t)options->callers, sizeof *threads);
    char *body = read_body();
    for (int index = 0; index < options->callers; index++) pthread_create(&threads[index], NULL, call, body);
}

void emit_wait(void) {
    for (int index = 0; index < options->callers; index++) pthread_join(threads[index], NULL);
}
