internal import Glibc

/// Threads that nobody joins.
package enum DetachedThread {
    /// Runs `body` in a thread of its own; false where the system has none left.
    package static func start(stackSize: Int, _ body: @escaping @Sendable () -> Void) -> Bool {
        final class Box: Sendable {
            let body: @Sendable () -> Void
            init(_ body: @escaping @Sendable () -> Void) { self.body = body }
        }
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        pthread_attr_setstacksize(&attributes, stackSize)
        var thread = pthread_t()
        let reference = Unmanaged.passRetained(Box(body))
        let code = pthread_create(
            &thread,
            &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body()
                return nil
            },
            reference.toOpaque()
        )
        if code != 0 { reference.release() }
        return code == 0
    }

    /// Lets the calling thread sleep. By the monotonic clock, unlike a wait for a semaphore with a limit of time: that ends by the
    /// clock of the wall, hours too late where somebody sets it back.
    package static func sleep(_ duration: Duration) {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let nanoseconds = Int64(end.tv_nsec) + max(0, duration.wholeNanoseconds)
        end.tv_sec += Int(nanoseconds / 1_000_000_000)
        end.tv_nsec = Int(nanoseconds % 1_000_000_000)
        while clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, nil) == EINTR {}
    }
}
