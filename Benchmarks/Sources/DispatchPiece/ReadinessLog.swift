internal import Logging
internal import Synchronization

/// A log that keeps nothing, and knows when the dispatcher has begun to deliver.
struct ReadinessLog: LogHandler {
    private let state = State()

    private final class State: Sendable {
        let isReady = Atomic<Bool>(false)
    }

    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .notice

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if event.message.description == "delivering" { state.isReady.store(true, ordering: .releasing) }
    }

    /// Waits until the dispatcher said so; after two seconds it is taken for granted.
    func waitUntilDelivering() async throws {
        for _ in 0..<2000 where !state.isReady.load(ordering: .acquiring) {
            try await Task.sleep(for: .milliseconds(1))
        }
    }
}
