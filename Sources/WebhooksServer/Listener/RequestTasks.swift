#if Server
    internal import NIOCore
    internal import Synchronization

    /// The tasks that answer requests, each on the thread of its connection.
    final class RequestTasks: Sendable {
        private struct State {
            var tasks: [Int: Task<Void, Never>] = [:]
            var last = 0
            var isCancelled = false
            var waiting: CheckedContinuation<Void, Never>?
        }

        private let state = Mutex(State())
        /// By loop; they have to outlast the tasks.
        private let executors: [ObjectIdentifier: LoopExecutor]

        /// - Parameter loops: those of all connections.
        init(on loops: some Sequence<any EventLoop>) {
            executors = Dictionary(uniqueKeysWithValues: loops.map { (ObjectIdentifier($0), LoopExecutor($0)) })
        }

        func run(on loop: any EventLoop, _ body: @escaping @Sendable () async -> Void) {
            let executor = executors[ObjectIdentifier(loop)]
            state.withLock { state in
                state.last += 1
                let number = state.last
                let task = Task(executorPreference: executor) {
                    await body()
                    self.ended(number)
                }
                state.tasks[number] = task
                if state.isCancelled { task.cancel() }
            }
        }

        private func ended(_ number: Int) {
            let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.tasks[number] = nil
                guard state.tasks.isEmpty else { return nil }
                defer { state.waiting = nil }
                return state.waiting
            }
            waiting?.resume()
        }

        /// Cancels all, also those that come.
        func cancel() {
            let tasks = state.withLock { state in
                state.isCancelled = true
                return state.tasks.values.map(\.self)
            }
            for task in tasks { task.cancel() }
        }

        /// Returns once none is left. To be called once.
        func wait() async {
            await withCheckedContinuation { continuation in
                let isEmpty = state.withLock { state in
                    if !state.tasks.isEmpty { state.waiting = continuation }
                    return state.tasks.isEmpty
                }
                if isEmpty { continuation.resume() }
            }
        }
    }
#endif
