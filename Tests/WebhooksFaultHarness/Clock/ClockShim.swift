import Foundation
import Glibc

/// Shifts the wall clock of chosen processes, also while they run: a small library that they are started with. Monotonic
/// clocks stay right, as they do where somebody sets the time.
final class ClockShim: Sendable {
    /// The library and the file of the shift in seconds, as environment variables.
    let environment: [String]
    private let shift: String

    init(_ library: Library, name: String) {
        shift = "\(library.folder)/clock-\(name)"
        environment = ["LD_PRELOAD=\(library.path)", "CLOCK_SHIFT=\(shift)"]
        set(seconds: 0)
    }

    /// The compiled library.
    struct Library: Sendable {
        let folder: String
        var path: String { folder + "/clock.so" }

        /// `nil` where there is no C compiler.
        init?(folder: String) {
            self.folder = folder
            let source = folder + "/clock.c"
            guard (try? Data(ClockShim.source.utf8).write(to: URL(fileURLWithPath: source))) != nil else { return nil }
            for compiler in ["cc", "clang", "gcc"] {
                let process = Process()
                process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                process.arguments = [compiler, "-shared", "-fPIC", "-O1", "-o", path, source]
                process.standardError = FileHandle.nullDevice
                guard (try? process.run()) != nil else { continue }
                process.waitUntilExit()
                if process.terminationStatus == 0 { return }
            }
            return nil
        }
    }

    /// From now on the clock is wrong by so much.
    func set(seconds: Int64) {
        var bytes = seconds
        // In place: processes have the file in their memory.
        let descriptor = open(shift, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        pwrite(descriptor, &bytes, MemoryLayout<Int64>.size, 0)
        close(descriptor)
    }

    // Waits until a time of the wall clock are taken back by the shift, as they would be reached that much sooner.
    private static let source = #"""
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <pthread.h>
        #include <semaphore.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        #include <dlfcn.h>

        static volatile long long *shift;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("CLOCK_SHIFT");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *memory = mmap(0, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
            if (memory != MAP_FAILED) shift = memory;
            close(file);
        }

        static long long seconds(void) { return shift ? *shift : 0; }

        int clock_gettime(clockid_t clock, struct timespec *time) {
            int result = (int)syscall(SYS_clock_gettime, clock, time);
            if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += seconds();
            return result;
        }

        int gettimeofday(struct timeval *time, void *zone) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            time->tv_sec = now.tv_sec;
            time->tv_usec = now.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }

        #define TRUE_TIME(time) struct timespec real = *(time); real.tv_sec -= seconds()
        #define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

        int sem_timedwait(sem_t *semaphore, const struct timespec *time) {
            TRUE_TIME(time);
            return NEXT(sem_timedwait)(semaphore, &real);
        }
        """#
}
