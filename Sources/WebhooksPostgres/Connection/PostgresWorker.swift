#if PostgreSQL
    internal import Dispatch
    internal import Glibc
    internal import Synchronization

    /// A thread that does one thing after another, so that what waits for a server holds up none of Dispatch's threads.
    ///
    /// It ends once nobody refers to it and what was asked for is done.
    final class PostgresWorker: Sendable {
        private final class Jobs: Sendable {
            /// `nil`: the thread is to end.
            private let waiting = Mutex<[(@Sendable () -> Void)?]>([])
            private let signal = DispatchSemaphore(value: 0)

            func add(_ job: (@Sendable () -> Void)?) {
                waiting.withLock { $0.append(job) }
                signal.signal()
            }

            func run() {
                while true {
                    signal.wait()
                    guard let job = waiting.withLock({ $0.removeFirst() }) else { return }
                    job()
                }
            }
        }

        private let jobs = Jobs()

        /// - Returns: `nil` where the system has no thread left.
        init?() {
            let start = Unmanaged.passRetained(jobs)
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            defer { pthread_attr_destroy(&attributes) }
            pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
            pthread_attr_setstacksize(&attributes, 1 << 20)
            var thread = pthread_t()
            let code = pthread_create(
                &thread,
                &attributes,
                { context in
                    guard let context else { return nil }
                    Unmanaged<Jobs>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                },
                start.toOpaque()
            )
            guard code == 0 else {
                start.release()
                return nil
            }
        }

        deinit { jobs.add(nil) }

        /// Does something after everything that was asked for before.
        func perform(_ job: @escaping @Sendable () -> Void) { jobs.add(job) }

        /// Does something, and waits for it. Not for a queue that may not wait.
        func wait<Value: Sendable>(for job: @escaping @Sendable () -> Value) -> Value {
            let done = DispatchSemaphore(value: 0)
            let value = Mutexed<Value>()
            perform {
                value.set(job())
                done.signal()
            }
            done.wait()
            return value.get()
        }

        private final class Mutexed<Value: Sendable>: Sendable {
            private let value = Mutex<Value?>(nil)

            func set(_ new: Value) { value.withLock { $0 = new } }

            func get() -> Value {
                guard let value = value.withLock({ $0 }) else { preconditionFailure("nothing was set") }
                return value
            }
        }
    }
#endif
