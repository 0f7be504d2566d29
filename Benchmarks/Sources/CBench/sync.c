// Counts the process's waits for the disk: these definitions stand before the C library's.
#include "CBench.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <time.h>

typedef int (*sync_function)(int);

static atomic_uint_fast64_t count, nanoseconds;

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static int timed(sync_function function, int descriptor) {
    uint64_t start = now();
    int result = function(descriptor);
    atomic_fetch_add_explicit(&nanoseconds, now() - start, memory_order_relaxed);
    atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
    return result;
}

int fdatasync(int descriptor) {
    static _Atomic(sync_function) real;
    if (!real) real = (sync_function)dlsym(RTLD_NEXT, "fdatasync");
    return timed(real, descriptor);
}

int fsync(int descriptor) {
    static _Atomic(sync_function) real;
    if (!real) real = (sync_function)dlsym(RTLD_NEXT, "fsync");
    return timed(real, descriptor);
}

void cbench_syncs(uint64_t *count_, uint64_t *nanoseconds_) {
    *count_ = atomic_load(&count);
    *nanoseconds_ = atomic_load(&nanoseconds);
}
