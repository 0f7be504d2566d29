internal import Dispatch
internal import WebhookCore

/// From an attempt that may leave to a request, and from its response to a finished attempt.
extension EngineRunner {
    /// A request on the wire, kept until its response.
    struct SentRequest {
        var delivery: Delivery.ID?
        var url: String
        var headers: [HTTPHeader]
        var redactor: Redactor
        var span: (any AttemptSpan)?
    }

    func send(_ sends: [SendAction]) {
        guard !sends.isEmpty else { return }
        var requests: [TransportOrder] = []
        requests.reserveCapacity(sends.count)
        for send in sends {
            if let delivery = send.context.delivery { mark.set(.attempt(delivery)) }
            do throws(RenderingError) {
                var request = try send.target.requests.request(for: send.context, body: send.body)
                if send.needsFreshConnection { request.request.freshConnection = true }
                request.request.isProven = send.isProven
                request.request.startBy = send.startBy.map(clock.uptimeNanoseconds)
                let span = trace(send, &request)
                sent[send.token] = SentRequest(
                    delivery: send.context.delivery,
                    url: send.target.url,
                    headers: request.redactedHeaders,
                    redactor: request.redactor,
                    span: span
                )
                requests.append(TransportOrder(token: send.token, request: request.request))
            } catch {
                withEngine { $0.requestFailed(send.token, error, at: clock.now) }
            }
        }
        mark.set(nil)
        transport.send(requests) { [weak self] completions in self?.ended(completions) }
    }

    /// Begins an attempt's span, where attempts are traced, and gives the receiver the trace that it goes on in, where its
    /// subscription asks for that: the attempt's, or where nobody traces here, the event's.
    private func trace(_ send: SendAction, _ request: inout PreparedRequest) -> (any AttemptSpan)? {
        let subscription = send.target.subscription
        let span = tracer?.begin(TracedAttempt(send.context, to: subscription, bodySize: send.body.count))
        if subscription.sendsTrace, let trace = span.map({ $0.context }) ?? send.context.event.trace {
            request.add(trace.headers)
        }
        return span
    }

    func ended(_ completions: [TransportCompletion]) {
        queue.async { [self] in
            var finished: [FinishedAttempt] = []
            finished.reserveCapacity(completions.count)
            for completion in completions {
                guard let request = sent.removeValue(forKey: completion.token) else { continue }
                request.span?.end(completion.result)
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
                finished.append(
                    FinishedAttempt(
                        token: completion.token,
                        result: result,
                        url: request.url,
                        requestHeaders: request.headers
                    )
                )
            }
            process { engine, time in engine.finished(finished, at: time) }
        }
    }
}
