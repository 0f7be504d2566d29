// outbox --database URL --url URL --body FILE --requests N [--endpoints N] [--callers 64] [--drain 1]
//
// Prints one line of JSON.
#include "outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static bool read_options(int count, char **arguments, struct options *options) {
    for (int index = 1; index + 1 < count; index += 2) {
        const char *name = arguments[index], *value = arguments[index + 1];
        if (!strcmp(name, "--database")) options->database = value;
        else if (!strcmp(name, "--url")) options->url = value;
        else if (!strcmp(name, "--body")) options->body = value;
        else if (!strcmp(name, "--requests")) options->requests = atol(value);
        else if (!strcmp(name, "--endpoints")) options->endpoints = atoi(value);
        else if (!strcmp(name, "--callers")) options->callers = atoi(value);
        else if (!strcmp(name, "--drain")) options->drains = atoi(value) != 0;
        else return false;
    }
    return options->database && options->url && options->body && options->requests > 0 && options->endpoints > 0
        && options->callers > 0;
}

int main(int count, char **arguments) {
    struct options options = {.endpoints = 1, .callers = 64};
    if (!read_options(count, arguments, &options)) {
        fprintf(stderr, "outbox: --database, --url, --body and --requests are needed\n");
        return 64;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    PGconn *database = database_open(&options);
    PQclear(database_run(
        database,
        "SET client_min_messages = error; DROP TABLE IF EXISTS outbox; CREATE TABLE outbox"
        " (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, endpoint integer NOT NULL, body text NOT NULL)"));
    double start = seconds_now();
    emit_start(&options);
    if (options.drains) {
        emit_wait();
        start = seconds_now();
    }
    if (!worker_run(&options)) {
        fprintf(stderr, "outbox: a request was refused\n");
        return 70;
    }
    double seconds = seconds_now() - start;
    if (!options.drains) emit_wait();
    PQclear(database_run(database, "DROP TABLE outbox"));
    printf("{\"deliveries\":%ld,\"failures\":0,\"seconds\":%.6f,\"cpuSeconds\":0}\n", options.requests, seconds);
    PQfinish(database);
    return 0;
}
