#include "pace.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int timer = -1;
static long rate;
static int64_t first; // nanoseconds of CLOCK_MONOTONIC
static double *latencies;
static size_t count, room;

static int64_t now_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int64_t due(long number) { return first + number * 1000000000LL / rate; }

int pace_start(long rate_) {
    rate = rate_;
    count = 0;
    if (!rate) return -1;
    first = now_nanoseconds() + 10000000;
    if (timer < 0) timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    return timer;
}

bool pace_is_due(long number) {
    if (!rate) return true;
    int64_t instant = due(number);
    if (instant <= now_nanoseconds()) return true;
    struct itimerspec time = {
        .it_value = {.tv_sec = (time_t)(instant / 1000000000), .tv_nsec = (long)(instant % 1000000000)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &time, NULL);
    return false;
}

void pace_answered(long number) {
    if (!rate) return;
    if (count == room) {
        room = room ? 2 * room : 4096;
        latencies = realloc(latencies, room * sizeof *latencies);
        if (!latencies) abort();
    }
    latencies[count++] = (double)(now_nanoseconds() - due(number)) / 1e6;
}

static int ascending(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

double pace_percentile(double rank) {
    if (!count) return 0;
    qsort(latencies, count, sizeof *latencies, ascending);
    return latencies[(size_t)(rank * (double)(count - 1) + 0.5)];
}
