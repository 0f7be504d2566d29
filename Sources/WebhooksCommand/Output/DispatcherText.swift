internal import WebhookCore
internal import Webhooks

/// Texts about the running dispatcher, as people say it.
enum DispatcherText {
    /// Says whether somebody is there to do the work: a sentence's end.
    static func who(_ running: WebhookLog.RunningDispatcher?) -> String {
        guard let running else { return "no dispatcher runs: `webhooks run`" }
        return "process \(running.processID) is the dispatcher" + (running.isStopping ? ", and is stopping" : "")
    }

    /// Names the dispatcher that something waits for.
    static func waitsFor(_ running: WebhookLog.RunningDispatcher) -> String {
        "the dispatcher, process \(running.processID)"
            + (running.isStopping ? ", which is stopping; the next one delivers it" : "")
    }
}
