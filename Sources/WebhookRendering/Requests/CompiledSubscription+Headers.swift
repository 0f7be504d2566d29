internal import WebhookCore

extension CompiledSubscription {
    /// The headers of one attempt: those to send, and all as they may be shown, with `Host` first and `Content-Length` last.
    func headers(
        for attempt: AttemptContext,
        body: ByteString
    ) throws(RenderingError) -> (sent: [HTTPHeader], shown: [HTTPHeader]) {
        if let failure { throw failure }
        var sent: [HTTPHeader] = []
        var shown: [HTTPHeader] = []
        sent.reserveCapacity(entries.count + 2)
        shown.reserveCapacity(entries.count + 4)
        shown.append(host)
        var root: TemplateRoot?
        for entry in entries {
            switch entry {
            case .contentType:
                let header = HTTPHeader("Content-Type", attempt.contentType.rawValue)
                sent.append(header)
                shown.append(header)
            case .fixed(let header, let mask):
                sent.append(header)
                shown.append(mask)
            case .template(let name, let template):
                let scope =
                    root ?? TemplateRoot(header: attempt, topic: subscription.profile.topic(attempt.event.topic))
                root = scope
                let value: String
                do {
                    value = try template.text(scope, .header)
                } catch {
                    throw RenderingError("header \(name): \(error.description)")
                }
                guard HTTPHeader.isValid(value) else {
                    throw RenderingError("the rendered header \(name) holds control characters")
                }
                // An empty value is left out: there is nothing to say.
                guard !value.isEmpty else { continue }
                sent.append(HTTPHeader(name, value))
                shown.append(HTTPHeader(name, redactor.redact(value)))
            case .signature:
                try appendSignature(attempt, body, &sent, &shown)
            }
        }
        shown.append(HTTPHeader("Content-Length", String(body.count)))
        return (sent, shown)
    }

    private func appendSignature(
        _ attempt: AttemptContext,
        _ body: ByteString,
        _ sent: inout [HTTPHeader],
        _ shown: inout [HTTPHeader]
    ) throws(RenderingError) {
        guard let signer else { return }
        let headers = try signer.headers(id: attempt.event.id, timestamp: attempt.at.unixSeconds, body: body)
        for header in headers {
            guard HTTPHeader.isValid(header.value) else {
                throw RenderingError("the value of the header \(header.name) holds control characters")
            }
            sent.append(header)
            shown.append(signer.revealsSecret ? HTTPHeader(header.name, "***") : header)
        }
    }
}
