internal import WebhookCore
internal import Webhooks

/// Configurations that a command can't use, with the option by which it does its work all the same.
enum BrokenConfiguration {
    /// The failure of a dispatcher's start: where nothing but what sending needs is wrong, others can be served meanwhile.
    static func atStart(_ error: WebhooksError, _ configuration: WebhookConfiguration) -> any Error {
        guard error.code == .configuration, configuration.holdingBroken().load().isValid else { return error }
        return failure(error, "--skip-broken holds what can't be sent to, and serves the others")
    }

    /// The failure of a server's start, with all that is wrong at once: what every dispatcher needs, and what the HTTP API can't
    /// do without.
    static func atServe(_ error: WebhooksError, _ configuration: WebhookConfiguration) -> any Error {
        guard error.code == .configuration else { return error }
        let whole = configuration.servingAPI()
        let errors = whole.load().diagnostics.filter { $0.severity == .error }
        guard !errors.isEmpty, var failure = CommandFailure(WebhooksError(errors)) else { return error }
        // Nothing is left for `validate` to find.
        failure.hint = nil
        let isMended = whole.holdingBroken().load().isValid
        if isMended { failure.hint = "--skip-broken holds what can't be sent to, and serves the others" }
        return failure
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
