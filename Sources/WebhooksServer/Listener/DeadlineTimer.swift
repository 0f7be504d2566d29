#if Server
    internal import NIOCore

    /// A connection's deadline, which moves often and is hardly ever reached: setting it costs no timer as a rule.
    final class DeadlineTimer {
        private let loop: any EventLoop
        private let action: () -> Void
        private var deadline: NIODeadline?
        private var task: (fires: NIODeadline, scheduled: Scheduled<Void>)?

        /// - Parameter action: is called on the loop once a deadline has passed.
        init(_ loop: any EventLoop, _ action: @escaping () -> Void) { (self.loop, self.action) = (loop, action) }

        func set(_ limit: Duration) {
            let deadline = NIODeadline.now() + TimeAmount(limit)
            self.deadline = deadline
            if let task, task.fires <= deadline { return }
            schedule(deadline)
        }

        /// Takes the deadline away.
        func clear() { deadline = nil }

        /// Ends for good.
        func cancel() {
            deadline = nil
            task?.scheduled.cancel()
            task = nil
        }

        private func schedule(_ time: NIODeadline) {
            task?.scheduled.cancel()
            let bound = NIOLoopBound(self, eventLoop: loop)
            task = (time, loop.scheduleTask(deadline: time) { bound.value.fire() })
        }

        private func fire() {
            task = nil
            guard let deadline else { return }
            guard deadline <= .now() else { return schedule(deadline) }
            self.deadline = nil
            action()
        }
    }
#endif
