#if Server
    internal import NIOCore

    /// Runs tasks on the thread of an event loop: what a connection asks for changes threads no more than it must.
    final class LoopExecutor: TaskExecutor {
        private let loop: any EventLoop

        init(_ loop: any EventLoop) { self.loop = loop }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
    }
#endif
