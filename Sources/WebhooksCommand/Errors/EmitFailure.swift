internal import WebhookCore
internal import Webhooks

/// Failures of the store around an emit, with what is on disk: whoever is told of an error must know whether to emit again.
enum EmitFailure {
    /// Tells of an event that could not be stored, or that may have been.
    static func storing(_ error: WebhooksError, _ event: Event) -> any Error {
        guard let store = error.store, var failure = CommandFailure(error) else { return error }
        failure.message += "; " + outcome(of: store, "the event \(event.id) is")
        let again = "emit it again under the same id (--id \(event.id)): it is stored once"
        failure.hint = failure.hint.map { "\($0); then \(again)" } ?? again
        return failure
    }

    /// The failure of what came after an event was stored.
    static func afterStoring(_ error: WebhooksError, _ event: Event) -> any Error {
        guard error.store != nil, var failure = CommandFailure(error) else { return error }
        failure.message += "; the event \(event.id) is stored, and is delivered when the store works"
        failure.hint = "`webhooks events show \(event.id)` tells what has come of it"
        return failure
    }

    /// Says whether what a transaction was to store is there.
    static func outcome(of error: StoreError, _ events: String) -> String {
        error.isOutcomeUnknown ? "it isn't known whether \(events) stored" : "nothing was stored"
    }
}
