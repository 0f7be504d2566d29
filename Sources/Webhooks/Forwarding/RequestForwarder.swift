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
        /// The reason why there was no answer.
        package var problem: String?
    }

    private let text: String
    private let url: EndpointURL
    /// True when a request's own path and query count: the program's URL names none.
    private let takesTarget: Bool
    private let transport: CurlTransport
    private let isStopped = Atomic(false)

    /// The longest wait for an answer.
    private static let patience: Duration = .seconds(30)

    /// - Parameter url: the program. With a path every request goes there, with its own query where the URL has none; without
    ///   one, as in `http://127.0.0.1:3000`, requests keep their paths.
    /// - Throws: ``WebhooksError`` with `configuration`.
    package init(to url: String) throws(WebhooksError) {
        switch EndpointURLParser.parse(url) {
        case .success(let parsed):
            self.url = parsed
            let rest = url.drop { $0 != ":" }.dropFirst(3)
            let base = rest.hasSuffix("/") ? rest.dropLast() : rest
            takesTarget = !base.contains("/") && !base.contains("?")
            text = takesTarget && rest.hasSuffix("/") ? String(url.dropLast()) : url
        case .failure(let error): throw WebhooksError(.configuration, "the URL of --forward-to \(error)")
        }
        do {
            transport = try CurlTransport()
        } catch {
            throw WebhooksError(.configuration, "requests can't be sent: \(error)")
        }
    }

    /// Passes on a request and waits for the answer, no longer than 30 s. Blocks.
    ///
    /// - Parameters:
    ///   - method: anything but POST is not passed on: no webhook comes by it.
    ///   - target: the path and query that it came to.
    package func forward(method: String, target: String, headers: [HTTPHeader], body: ByteString) -> Outcome {
        guard method == "POST" else {
            return Self.failure("\(method) is not passed on: webhooks come by POST", status: 405)
        }
        guard let url = destination(of: target) else { return Self.failure("the path of the request is no URL's") }
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
        return result.value.withLock { $0 }.map(outcome) ?? Self.failure("no answer")
    }

    /// Ends what is under way.
    package func stop() {
        isStopped.store(true, ordering: .releasing)
        transport.cancelAll()
    }

    /// - Returns: `nil` where the target can't stand in a URL.
    func destination(of target: String) -> EndpointURL? {
        let query = target.firstIndex(of: "?").map { String(target[$0...]) } ?? ""
        let full = takesTarget ? text + target : text.contains("?") ? text : text + query
        guard full != text else { return url }
        return try? EndpointURLParser.parse(full).get()
    }

    private func outcome(_ result: TransportResult) -> Outcome {
        switch result.ending {
        case .responded(let status):
            Outcome(
                status: status,
                headers: result.headers.filter { !Self.own.contains($0.name.lowercased()) },
                body: result.body,
                problem: nil
            )
        case .failed where isStopped.load(ordering: .acquiring): Self.failure("ended before there was an answer")
        case .failed(let kind, let detail): Self.failure("\(kind.rawValue): \(detail)")
        }
    }

    private static func failure(_ problem: String, status: Int = 502) -> Outcome {
        Outcome(status: status, headers: [], body: .empty, problem: problem)
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
