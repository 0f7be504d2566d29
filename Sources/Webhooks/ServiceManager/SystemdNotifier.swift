internal import Dispatch
internal import Glibc
internal import Synchronization
internal import WebhookCore
internal import WebhookEngine

/// Tells systemd, or another service manager that speaks sd_notify(3), what the dispatcher of this process does: `Type=notify`
/// and `WatchdogSec=` of a unit.
///
/// Nothing waits for the manager: messages leave from a queue of their own, in order.
package final class SystemdNotifier: Sendable {
    /// The time between two signs of life: at most half of what the manager waits for.
    let interval: Duration
    let counts = OutcomeCounts()
    private let isWatched: Bool
    private let socket: NotifySocket
    private let state: Mutex<ServiceState>
    private let queue = DispatchQueue(label: "webhooks.service-manager")
    private let onFailure: @Sendable (String) -> Void

    /// The time between two lines of figures, where nobody asks for signs of life.
    private static let statusInterval: Duration = .seconds(10)

    /// Returns `nil` where no manager listens.
    ///
    /// - Parameters:
    ///   - environment: as the manager has set it: `NOTIFY_SOCKET`, `WATCHDOG_USEC`, `WATCHDOG_PID`.
    ///   - onFailure: told, once, why the manager can't be reached.
    package init?(
        environment: [String: String],
        processID: Int32 = getpid(),
        onFailure: @escaping @Sendable (String) -> Void
    ) {
        guard let name = environment["NOTIFY_SOCKET"], !name.isEmpty else { return nil }
        guard let socket = NotifySocket(name) else {
            onFailure("NOTIFY_SOCKET is neither a path nor `@` and a name")
            return nil
        }
        let isOurs = environment["WATCHDOG_PID"].map { Int32($0) == processID } ?? true
        let limit = environment["WATCHDOG_USEC"].flatMap { Int64($0) }.flatMap { $0 > 1 && isOurs ? $0 : nil }
        let half = limit.map { Duration.microseconds($0 / 2) }
        (self.socket, self.onFailure, isWatched) = (socket, onFailure, half != nil)
        interval = min(half ?? Self.statusInterval, Self.statusInterval)
        state = Mutex(ServiceState(interval: interval))
    }

    /// The configuration is about to be loaded.
    package func loads() { tell { $0.loads() } }

    /// The process is about to end; waits a moment, so that the manager knows before.
    package func stopsAtOnce() {
        tell { $0.stops(underWay: 0) }
        let isSent = DispatchSemaphore(value: 0)
        queue.async { isSent.signal() }
        _ = isSent.wait(timeout: .now() + .milliseconds(200))
    }

    func waits(isStandby: Bool) { tell { $0.waits(isStandby: isStandby, at: Self.monotonic) } }

    func delivers(_ figures: ServiceState.Figures) { tell { $0.delivers(figures) } }

    func reloadBegins() { tell { $0.reloadBegins(at: Self.monotonic) } }

    func reloadEnds(problems: Int = 0) { tell { $0.reloadEnds(problems: problems) } }

    func stops(underWay: Int) { tell { $0.stops(underWay: underWay) } }

    func isAlive(_ figures: ServiceState.Figures) { tell { $0.isAlive(figures, watched: isWatched) } }

    func isSilent(_ part: EnginePing.Part, for time: Duration) { tell { $0.isSilent(part, for: time) } }

    func note(trouble: String?) { tell { $0.note(trouble: trouble) } }

    /// Sends what the state has to say. Within its lock, so that messages leave in the order of what happened.
    private func tell(_ change: (inout ServiceState) -> String?) {
        state.withLock { state in
            guard let message = change(&state) else { return }
            queue.async { [self] in
                let code = socket.send(message)
                if code != 0, hasFailed.raise() { onFailure(String(cString: strerror(code))) }
            }
        }
    }

    private let hasFailed = SharedFlag()

    /// The time of CLOCK_MONOTONIC, which a manager compares with its own.
    private static var monotonic: Duration {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// Counts what deliveries of this process have come to, for a line of figures.
final class OutcomeCounts: EngineObserver {
    private let counts = Mutex((delivered: 0, failed: 0, unknown: 0))

    var values: (delivered: Int, failed: Int, unknown: Int) { counts.withLock { $0 } }

    func recorded(_ attempts: [RecordedAttempt]) { add(attempts.lazy.map(\.state)) }

    func settled(_ deliveries: [SettledDelivery]) { add(deliveries.lazy.map(\.state)) }

    func noticed(_ notice: EngineNotice) {}

    func failed(_ error: StoreError) {}

    private func add(_ states: some Sequence<DeliveryState>) {
        counts.withLock { counts in
            for state in states {
                switch state {
                case .delivered: counts.delivered += 1
                case .failed: counts.failed += 1
                case .unknown: counts.unknown += 1
                default: break
                }
            }
        }
    }
}
