internal import WebhookCore
internal import Webhooks

/// Waits for the first attempts of events; Ctrl-C ends the wait, not what is under way.
struct FirstAttemptsWait {
    var dispatcher: WebhookDispatcher
    var trap: InterruptTrap
    var asJSON: Bool

    /// - Parameters:
    ///   - events: with all of their deliveries.
    ///   - deliveries: without their siblings.
    func run(
        events: [String],
        deliveries: [Delivery.ID] = [],
        timeout: Duration
    ) async throws(WebhooksError) -> FirstAttempts {
        let line = ProgressLine()
        let waiting = Task { [dispatcher, asJSON] () -> Result<FirstAttempts, WebhooksError> in
            var isToldOfTrouble = false
            do throws(WebhooksError) {
                return .success(
                    try await dispatcher.waitForFirstAttempts(of: events, and: deliveries, timeout: timeout) {
                        progress in
                        if !isToldOfTrouble, progress.outstanding > 0, let stuck = await Self.stuck(dispatcher) {
                            isToldOfTrouble = true
                            line.clear()
                            Notice.warning("store", stuck, asJSON: asJSON)
                        }
                        line.update("waiting for \(Counted.text(progress.outstanding, "first attempt"))")
                    }
                )
            } catch {
                return .failure(error)
            }
        }
        trap.onInterrupt {
            line.clear()
            let subject = Self.subject(events: events.count, deliveries: deliveries.count)
            Progress.say(
                "stopping: \(subject) on disk; requests on their way are brought to an end (again to stop at once)"
            )
            waiting.cancel()
        }
        let result = await waiting.value
        line.clear()
        // A read that was cut off says nothing about the store.
        if trap.isTriggered, case .failure = result {
            return FirstAttempts(areDone: false, outstanding: events.count + deliveries.count)
        }
        return try result.get()
    }

    /// The progress once what was on its way has ended, which is what there is to show.
    func afterDraining(
        _ wait: FirstAttempts,
        events: [String],
        deliveries: [Delivery.ID] = []
    ) async throws(WebhooksError) -> FirstAttempts {
        if wait.areDone { return wait }
        return try await dispatcher.waitForFirstAttempts(of: events, and: deliveries, timeout: .zero)
    }

    private static func subject(events: Int, deliveries: Int) -> String {
        if deliveries > 0 { return deliveries == 1 ? "the delivery is" : "\(deliveries) deliveries are" }
        return events == 1 ? "the event is" : "\(events) events are"
    }

    /// Says why the dispatcher that would deliver can't.
    private static func stuck(_ dispatcher: WebhookDispatcher) async -> String? {
        guard let running = await dispatcher.log.runningDispatcher() else { return nil }
        if let silence = running.silence {
            return
                "the dispatcher, process \(running.processID), doesn't respond: \(DispatcherText.silence(silence)); "
                + "the event is on disk"
        }
        guard let trouble = running.storeTrouble else { return nil }
        return
            "the dispatcher, process \(running.processID), can't write to the store (\(trouble)) and delivers nothing "
            + "until it can; the event is on disk"
    }
}

/// Says which of some deliveries a pause holds.
enum PausedNotice {
    static func write(_ deliveries: [Delivery], on log: WebhookLog, asJSON: Bool) async throws {
        let held = Dictionary(grouping: deliveries.filter { $0.state == .pending || $0.state == .waiting }) {
            $0.subscription
        }
        guard !held.isEmpty else { return }
        for (name, pause) in try await log.pauses().sorted(by: { $0.key < $1.key }) {
            guard let count = held[name]?.count else { continue }
            Notice.note("paused", text(name, pause, count: count), asJSON: asJSON)
        }
    }

    static func text(_ name: String, _ pause: SubscriptionHealth.Paused, count: Int) -> String {
        let wait = count == 1 ? "1 delivery waits" : "\(count) deliveries wait"
        let them = count == 1 ? "it" : "them"
        return "\(wait): \(state(name, pause)); `webhooks resume \(name)` sends \(them)"
    }

    static func state(_ name: String, _ pause: SubscriptionHealth.Paused) -> String {
        "\(name) is paused" + (pause.until.map { " until \($0)" } ?? "")
    }
}
