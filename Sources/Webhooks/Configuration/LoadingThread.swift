internal import Dispatch
internal import Glibc
internal import Synchronization
internal import WebhookCore

/// The thread on which configurations are loaded, one at a time.
///
/// Loading allocates a lot, most of it for a moment. On changing threads every one of malloc's arenas would grow by a whole
/// configuration and keep it; here it is one, which is given back after a reload.
// Safe to share: the jobs have a lock, and the semaphore is made for that.
final class LoadingThread: @unchecked Sendable {
    static let shared = LoadingThread()

    private let jobs = Mutex<[@Sendable () -> Void]>([])
    private let arrived = DispatchSemaphore(value: 0)

    private init() {
        var thread = pthread_t()
        // It lives as long as the process, and so does this object.
        let context = Unmanaged.passRetained(self).toOpaque()
        let code = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<LoadingThread>.fromOpaque(context).takeUnretainedValue().work()
                return nil
            },
            context
        )
        if code == 0 {
            pthread_detach(thread)
        } else {
            // No thread to be had: any will do.
            DispatchQueue(label: "webhooks.loading").async { self.work() }
        }
    }

    private func work() {
        while true {
            arrived.wait()
            let job = jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            job?()
        }
    }

    /// Runs a job after those that came before it, without waiting.
    func start(_ job: @escaping @Sendable () -> Void) {
        jobs.withLock { $0.append(job) }
        arrived.signal()
    }

    /// Runs a job and waits for its result.
    func run<Value: Sendable>(_ job: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            start { continuation.resume(returning: job()) }
        }
    }

    /// Runs a job and blocks until it has ended. Not for the thread itself.
    func runBlocking<Value: Sendable>(_ job: @escaping @Sendable () -> Value) -> Value {
        let result = Mutex<Value?>(nil)
        let isDone = DispatchSemaphore(value: 0)
        start {
            let value = job()
            result.withLock { $0 = value }
            isDone.signal()
        }
        while true {
            isDone.wait()
            if let value = result.withLock({ $0 }) { return value }
        }
    }

    /// Gives what is free back to the system, once those before it are done.
    func trim() {
        start {
            // GNU's; Swift's module doesn't show it, and other C libraries don't have it.
            guard let symbol = dlsym(nil, "malloc_trim") else { return }
            _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)(0)
        }
    }
}
