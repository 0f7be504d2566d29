internal import Dispatch
internal import Synchronization
package import WebhookCore
internal import WebhookRegistry
internal import WebhookTransport

/// Passes on what a receiver got, to a program that is being tried: the same headers and bytes.
package final class RequestForwarder: Sendable {
    /// The program's answer, or the reason why there is none.
    package struct Outcome: Sendable {
        /// 502 where there was no answer.
        package var status: Int
        package var headers: [HTTPHeader]
        package var body: ByteString
        /// Why there was no answer.
        package var problem: String?
    }

    private let url: EndpointURL
    private let transport: CurlTransport

    /// The longest wait for an answer.
    private static let patience: Duration = .seconds(30)

    /// - Parameter url: where every request goes, whatever its own target: `http://127.0.0.1:3000/webhooks`.
    /// - Throws: ``WebhooksError`` with `configuration`.
    package init(to url: String) throws(WebhooksError) {
        switch EndpointURLParser.parse(url) {
        case .success(let parsed): self.url = parsed
        case .failure(let error): throw WebhooksError(.configuration, "the URL of --forward-to \(error)")
        }
        do {
            transport = try CurlTransport()
        } catch {
            throw WebhooksError(.configuration, "requests can't be sent: \(error)")
        }
    }

    /// Passes on a request and waits for the answer, no longer than 30 s. Blocks.
    package func forward(headers: [HTTPHeader], body: ByteString) -> Outcome {
        let request = TransportRequest(
            url: url,
            headers: headers.filter { !Self.own.contains($0.name.lowercased()) },
            body: body,
            timeout: Self.patience,
            // It is this machine's own user who names the place.
            egress: Self.anywhere
        )
        let answered = DispatchSemaphore(value: 0)
        let result = ResultBox()
        transport.send([TransportOrder(token: 1, request: request)]) { completions in
            result.value.withLock { $0 = completions.first?.result }
            answered.signal()
        }
        answered.wait()
        return result.value.withLock { $0 }.map(Self.outcome) ?? Self.failure("no answer")
    }

    /// Ends what is under way.
    package func stop() { transport.cancelAll() }

    private static func outcome(_ result: TransportResult) -> Outcome {
        switch result.ending {
        case .responded(let status):
            Outcome(
                status: status,
                headers: result.headers.filter { $0.name.lowercased() == "content-type" },
                body: result.body,
                problem: nil
            )
        case .failed(let kind, let detail): failure("\(kind.rawValue): \(detail)")
        }
    }

    private static func failure(_ problem: String) -> Outcome {
        Outcome(status: 502, headers: [], body: .empty, problem: problem)
    }

    /// Headers of the connection, which the next one has of its own.
    private static let own: Set<String> = [
        "host", "content-length", "connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "expect",
        "proxy-connection", "accept-encoding",
    ]

    private static let anywhere = EgressPolicy(allow: ["0.0.0.0/0", "::/0"].compactMap { try? EgressRule($0) })
}

/// A result on its way from the transport's queue.
private final class ResultBox: Sendable {
    let value = Mutex<TransportResult?>(nil)
}
