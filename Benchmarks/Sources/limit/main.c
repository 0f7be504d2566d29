// limit --url URL --request FILE --requests N [--warm-up N] [--endpoints N] [--ports N] [--in-flight 64]
//       [--rate N] [--ca FILE] [--http2 1]
//
// Prints one line of JSON.
#include "limit.h"
#include "pace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static bool read_options(int count, char **arguments, struct options *options) {
    for (int index = 1; index + 1 < count; index += 2) {
        const char *name = arguments[index], *value = arguments[index + 1];
        if (!strcmp(name, "--url")) options->url = value;
        else if (!strcmp(name, "--request")) options->request = value;
        else if (!strcmp(name, "--ca")) options->authorities = value;
        else if (!strcmp(name, "--requests")) options->requests = atol(value);
        else if (!strcmp(name, "--warm-up")) options->warm_up = atol(value);
        else if (!strcmp(name, "--rate")) options->rate = atol(value);
        else if (!strcmp(name, "--endpoints")) options->endpoints = atoi(value);
        else if (!strcmp(name, "--ports")) options->ports = atoi(value);
        else if (!strcmp(name, "--in-flight")) options->in_flight = atoi(value);
        else if (!strcmp(name, "--http2")) options->http2 = atoi(value) != 0;
        else return false;
    }
    return options->url && options->request && options->requests > 0 && options->endpoints > 0 && options->ports > 0
        && options->in_flight > 0 && options->rate >= 0;
}

int main(int count, char **arguments) {
    struct options options = {.warm_up = 1000, .endpoints = 1, .ports = 1, .in_flight = 64};
    struct request request = {0};
    if (!read_options(count, arguments, &options)) {
        fprintf(stderr, "limit: --url, --request and --requests are needed\n");
        return 64;
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (!request_read(options.request, &request)) {
        fprintf(stderr, "limit: %s can't be read\n", options.request);
        return 65;
    }
    char **urls = request_urls(&options);
    if (!urls || !loop_start(&options, &request, urls)) return 70;
    if (options.warm_up) loop_run(options.warm_up, 0);
    double cpu = cpu_seconds(), start = seconds_now();
    struct outcome outcome = loop_run(options.requests, options.rate);
    double seconds = seconds_now() - start;
    cpu = cpu_seconds() - cpu;
    printf(
        "{\"deliveries\":%ld,\"failures\":%ld,\"seconds\":%.6f,\"cpuSeconds\":%.6f,\"bodyBytes\":%zu,"
        "\"more\":{\"p50ms\":%.3f,\"p99ms\":%.3f}}\n",
        outcome.answered, outcome.other, seconds, cpu, request.length, pace_percentile(0.5), pace_percentile(0.99));
    loop_end();
    return 0;
}
