// The counters, and the latencies as they came.
#include "sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { most_latencies = 8 * 1000 * 1000 };

static struct {
    uint64_t requests, body_bytes, failed, silent, connections;
} counts;

static uint32_t *latencies; // microseconds
static size_t latency_count;

void stats_reset(void) {
    memset(&counts, 0, sizeof counts);
    latency_count = 0;
}

void stats_request(uint64_t body_length) {
    counts.requests++;
    counts.body_bytes += body_length;
}

void stats_failed(void) { counts.failed++; }
void stats_silent(void) { counts.silent++; }
void stats_connection(void) { counts.connections++; }

void stats_latency(const char *body, size_t length) {
    static const char marker[] = "\"sentNs\":\"";
    const char *found = memmem(body, length, marker, sizeof marker - 1);
    if (!found) return;
    const char *digit = found + sizeof marker - 1;
    uint64_t sent = 0;
    while (digit < body + length && *digit >= '0' && *digit <= '9') sent = sent * 10 + (uint64_t)(*digit++ - '0');
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t nanoseconds = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    if (!latencies) latencies = malloc(most_latencies * sizeof *latencies);
    if (!latencies || latency_count == most_latencies || nanoseconds < sent) return;
    uint64_t microseconds = (nanoseconds - sent) / 1000;
    latencies[latency_count++] = microseconds > UINT32_MAX ? UINT32_MAX : (uint32_t)microseconds;
}

static int ascending(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static uint32_t percentile(double part) {
    if (!latency_count) return 0;
    return latencies[(size_t)(part * (double)(latency_count - 1) + 0.5)];
}

struct answer stats_answer(void) {
    static char text[1024];
    char body[640];
    if (latency_count) qsort(latencies, latency_count, sizeof *latencies, ascending);
    int length = snprintf(
        body, sizeof body,
        "{\"requests\":%" PRIu64 ",\"bodyBytes\":%" PRIu64 ",\"failed\":%" PRIu64 ",\"silent\":%" PRIu64
        ",\"connections\":%" PRIu64 ",\"latencies\":%zu,\"p50us\":%u,\"p90us\":%u,\"p99us\":%u,\"maxus\":%u}",
        counts.requests, counts.body_bytes, counts.failed, counts.silent, counts.connections, latency_count,
        percentile(0.5), percentile(0.9), percentile(0.99), percentile(1));
    int whole = snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", length, body);
    return (struct answer){text, (size_t)whole};
}
