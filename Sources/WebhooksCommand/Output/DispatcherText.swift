internal import Webhooks

/// Who delivers, as people say it.
enum DispatcherText {
    /// Whether somebody is there to do the work: a sentence's end.
    static func who(_ running: WebhookLog.RunningDispatcher?) -> String {
        running.map { "process \($0.processID) is the dispatcher" } ?? "no dispatcher runs: `webhooks run`"
    }
}
