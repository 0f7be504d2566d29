internal import Webhooks

/// Waits for the first attempts of events; Ctrl-C ends the wait, not what is under way.
struct FirstAttemptsWait {
    var dispatcher: WebhookDispatcher
    var trap: InterruptTrap

    func run(events: [String], timeout: Duration) async throws(WebhooksError) -> FirstAttempts {
        let line = ProgressLine()
        let waiting = Task { [dispatcher] () -> Result<FirstAttempts, WebhooksError> in
            do throws(WebhooksError) {
                return .success(
                    try await dispatcher.waitForFirstAttempts(of: events, timeout: timeout) { progress in
                        line.update("waiting for \(Counted.text(progress.outstanding, "first attempt"))")
                    }
                )
            } catch {
                return .failure(error)
            }
        }
        trap.onInterrupt {
            line.clear()
            let subject = events.count == 1 ? "the event is" : "\(events.count) events are"
            Output.error.writeLine(
                "stopping: \(subject) on disk; requests on their way are brought to an end (again to stop at once)"
            )
            waiting.cancel()
        }
        let result = await waiting.value
        line.clear()
        // A read that was cut off says nothing about the store.
        if trap.isTriggered, case .failure = result { return FirstAttempts(areDone: false, outstanding: events.count) }
        return try result.get()
    }
}
