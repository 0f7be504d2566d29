internal import Dispatch
internal import WebhookCore

/// From an attempt that may leave to a request, and from its answer to a finished attempt.
extension EngineRunner {
    /// A request on the wire, kept until its response.
    struct SentRequest {
        var delivery: Delivery.ID?
        var url: String
        var headers: [HTTPHeader]
        var redactor: Redactor
    }

    func send(_ orders: [SendAction]) {
        guard !orders.isEmpty else { return }
        var requests: [TransportOrder] = []
        requests.reserveCapacity(orders.count)
        for order in orders {
            if let delivery = order.context.delivery { mark.set(.attempt(delivery)) }
            do throws(RenderingError) {
                var request = try order.target.requests.request(for: order.context, body: order.body)
                if order.needsFreshConnection { request.request.freshConnection = true }
                request.request.isProven = order.isProven
                sent[order.token] = SentRequest(
                    delivery: order.context.delivery,
                    url: order.target.url,
                    headers: request.redactedHeaders,
                    redactor: request.redactor
                )
                requests.append(TransportOrder(token: order.token, request: request.request))
            } catch {
                withEngine { $0.requestFailed(order.token, error, at: clock.now) }
            }
        }
        mark.set(nil)
        transport.send(requests) { [weak self] completions in self?.ended(completions) }
    }

    func ended(_ completions: [TransportCompletion]) {
        queue.async { [self] in
            let finished = completions.compactMap { completion -> FinishedAttempt? in
                guard let request = sent.removeValue(forKey: completion.token) else { return nil }
                var result = completion.result
                if !request.redactor.isEmpty, !result.headers.isEmpty || !result.body.isEmpty {
                    // What a receiver answers comes again with the next attempt.
                    if let delivery = request.delivery { mark.set(.attempt(delivery)) }
                    defer { mark.set(nil) }
                    if !result.headers.isEmpty { result.headers = request.redactor.redact(result.headers) }
                    if !result.body.isEmpty {
                        result.body = request.redactor.redact(result.body, isCutOff: result.isTruncated)
                    }
                }
                return FinishedAttempt(
                    token: completion.token,
                    result: result,
                    url: request.url,
                    requestHeaders: request.headers
                )
            }
            process { engine, time in engine.finished(finished, at: time) }
        }
    }
}
