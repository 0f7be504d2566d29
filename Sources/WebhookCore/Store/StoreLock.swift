/// The right to be a store's dispatcher, for as long as it is held. It ends with its process.
package protocol StoreLock: Sendable {
    /// Lets go of it. Calling it again does nothing.
    func release()

    /// Tells others that the dispatcher makes no more attempts: what is emitted now is for the next one.
    func noteStopping()

    /// Tells others that the dispatcher works, as of now.
    func noteAlive()

    /// Tells others that the store doesn't take what the dispatcher records; `nil`: it does.
    func note(trouble: StoreError?)

    /// Tells others to which subscriptions the dispatcher can't send because of their settings.
    func note(_ unusable: UnusableSubscriptions)

    /// Tells others that the dispatcher has refused the configuration on the disk, with the number of its problems; 0: it goes by
    /// that one.
    func note(refusedProblems: Int)
}

extension StoreLock {
    /// Nobody else asks.
    package func note(_ unusable: UnusableSubscriptions) {}

    /// Nobody else asks.
    package func note(refusedProblems: Int) {}
}

/// A process that holds a store's lock.
package struct LockHolder: Sendable, Hashable {
    package var processID: Int32
    /// Such as `run`, `emit`, `test` or `retrigger`.
    package var role: String

    /// The process for people, with the command where that is one that dispatches for a moment: `process 7`, `process 7 (`emit`)`.
    /// The role `run` is left out: it stands for `serve` and for applications, too.
    package var shown: String { "process \(processID)" + (role == "run" ? "" : " (`\(role)`)") }

    package init(processID: Int32, role: String) {
        self.processID = processID
        self.role = role
    }
}

/// A store's dispatcher, as it tells others of itself.
package struct DispatcherRecord: Sendable, Hashable {
    package var holder: LockHolder
    /// True when it makes no more attempts, and ends.
    package var isStopping = false
    /// The reason why it can't record anything, in a word such as `full`; `nil`: it can.
    package var trouble: String?
    /// The age of its last sign of life; `nil`: it gives none.
    package var lastSignOfLife: Duration?
    /// The machine's name; `nil` where it doesn't say.
    package var host: String?
    package var version: String?
    /// The time at which it took the lock.
    package var since: Timestamp?
    /// The subscriptions that it can't send to because of their settings, as far as it tells.
    package var unusable = UnusableSubscriptions()
    /// The dispatchers that have refused the configuration on their disk: this one, or others that share the store.
    package var refusals: [ConfigurationRefusal] = []

    package init(_ holder: LockHolder) { self.holder = holder }
}

/// A dispatcher that was to load its configuration again and has refused it.
package struct ConfigurationRefusal: Sendable, Hashable {
    package var processID: Int32
    /// The machine's name; `nil` where it doesn't say.
    package var host: String?
    /// The number of the configuration's problems.
    package var problems: Int

    package init(processID: Int32, host: String?, problems: Int) {
        (self.processID, self.host, self.problems) = (processID, host, problems)
    }
}
