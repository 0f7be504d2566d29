import Foundation

/// Runs long computations beside the few threads that all tests share: those are for tests that wait for one another.
enum OwnThread {
    static func run<R: Sendable>(_ work: @escaping @Sendable () -> R) async -> R {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: work()) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}
