internal import WebhookCore
internal import Webhooks

/// Configurations that a command can't use, with the option by which it does its work all the same.
enum BrokenConfiguration {
    /// The failure of a dispatcher's start: where nothing but what sending needs is wrong, others can be served meanwhile.
    static func atStart(_ error: WebhooksError, _ configuration: WebhookConfiguration) -> any Error {
        guard error.code == .configuration, configuration.holdingBroken().load().isValid else { return error }
        return failure(error, "--skip-broken holds what can't be sent to, and serves the others")
    }

    /// The failure of an emit: to store an event needs the store alone.
    static func atEmit(_ error: WebhooksError, _ configuration: WebhookConfiguration) -> any Error {
        guard error.code == .configuration, configuration.outline().store != nil else { return error }
        return failure(error, "--detach stores the event all the same, for a dispatcher to deliver")
    }

    private static func failure(_ error: WebhooksError, _ advice: String) -> any Error {
        guard var failure = CommandFailure(error) else { return error }
        failure.hint = failure.hint.map { "\($0); \(advice)" } ?? advice
        return failure
    }
}
