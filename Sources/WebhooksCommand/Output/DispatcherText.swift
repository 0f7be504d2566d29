internal import WebhookCore
internal import Webhooks

/// Who delivers, as people say it.
enum DispatcherText {
    /// Whether somebody is there to do the work: a sentence's end.
    static func who(_ running: WebhookLog.RunningDispatcher?) -> String {
        guard let running else { return "no dispatcher runs: `webhooks run`" }
        return "process \(running.processID) is the dispatcher" + (running.isStopping ? ", and is stopping" : "")
    }

    /// Whom something waits for.
    static func waitsFor(_ running: WebhookLog.RunningDispatcher) -> String {
        "the dispatcher, process \(running.processID)"
            + (running.isStopping ? ", which is stopping; the next one delivers it" : "")
    }
}
