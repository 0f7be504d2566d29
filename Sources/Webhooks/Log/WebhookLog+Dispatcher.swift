internal import SQLiteStore

extension WebhookLog {
    /// The process that runs a dispatcher on the store.
    public struct RunningDispatcher: Sendable, Hashable {
        public var processID: Int32
        /// Whether it makes no more attempts, and ends: what is emitted now is for the next one.
        public var isStopping: Bool
        /// Why it can't record anything, in a word such as `full`, so that nothing is delivered; `nil`: it can.
        public var storeTrouble: String?
    }

    /// Who delivers what is in the store; `nil`: nobody does. A command that delivers its own events alone is none.
    public func runningDispatcher() -> RunningDispatcher? {
        guard let path = try? stores.path(), let holder = DispatcherLock.holder(path: path),
            holder.role == DispatcherRole.run.rawValue
        else { return nil }
        return RunningDispatcher(
            processID: holder.processID,
            isStopping: DispatcherLock.isStopping(path: path),
            storeTrouble: DispatcherLock.trouble(path: path)
        )
    }
}
