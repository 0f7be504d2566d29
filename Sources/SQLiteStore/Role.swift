extension SQLiteStore {
    /// What a process does with the store.
    public enum Role: Sendable, Hashable {
        /// Schedules and sends; holds the ``DispatcherLock``. The only one that checkpoints.
        case dispatcher
        /// Appends, cancels and reads beside a dispatcher.
        case writer
        /// Reads. Creates and changes nothing.
        case reader

        /// Whether the folder, the file and the schema are made where they are missing.
        var writes: Bool { self != .reader }
    }
}
