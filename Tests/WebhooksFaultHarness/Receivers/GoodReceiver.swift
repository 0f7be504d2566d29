import WebhookCore
import WebhookReceiver

/// Receivers that behave: one that accepts, at once or late, and sees requests in their order; and one that nobody may call.
enum GoodReceiver {
    struct Reply: Sendable {
        var accepts = true
        var delayMilliseconds = 0
    }

    /// - Parameter reply: what to say to the n-th request.
    static func make(_ ledger: Ledger, reply: @escaping @Sendable (Int) -> Reply) throws -> Receiver {
        try Receiver(ReceiverOptions(recordsRequests: false)) { request in
            let event = request.header("webhook-id") ?? ""
            let reply = reply(request.number)
            let body = request.body.withUnsafeBytes { Array($0) }
            ledger.add(
                RequestFact(
                    subscription: String(request.target.dropFirst()),
                    event: event,
                    at: ledger.now,
                    digest: body.hashValue,
                    isOwnBody: EventData.belongs(body, to: event),
                    isAccepted: reply.accepts
                )
            )
            let response: ReceiverResponse = reply.accepts ? .noContent : .status(500)
            return response.after(.milliseconds(reply.delayMilliseconds))
        }
    }

    static func trap(_ ledger: Ledger) throws -> Receiver {
        try Receiver(ReceiverOptions(recordsRequests: false)) { request in
            ledger.add(Violation(.redirected, "\(request.target): a redirect was followed"))
            return .noContent
        }
    }
}
