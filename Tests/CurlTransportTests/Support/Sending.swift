import Synchronization
import WebhookCore
import WebhookTransport

extension EgressPolicy {
    /// Loopback is reachable.
    static let loopback = EgressPolicy(
        allow: [try? EgressRule("127.0.0.0/8"), try? EgressRule("::1/128")].compactMap { $0 }
    )
}

extension TransportRequest {
    /// A POST to a server on loopback. Where no timeout is meant none must come, however busy the machine is.
    static func to(
        _ port: UInt16,
        scheme: EndpointURL.Scheme = .http,
        host: String = "127.0.0.1",
        target: String = "/hook",
        headers: [HTTPHeader] = [HTTPHeader("Content-Type", "application/json"), HTTPHeader("User-Agent", "test/1")],
        body: ByteString = #"{"a":1}"#,
        tls: TLSOptions? = nil,
        httpVersion: HTTPVersion = .http1,
        timeout: Duration = .seconds(120),
        connectTimeout: Duration = .seconds(60),
        fresh: Bool = false,
        attempt: Int = 1,
        egress: EgressPolicy = .loopback
    ) -> TransportRequest {
        TransportRequest(
            url: EndpointURL(scheme: scheme, host: host, port: port, target: target),
            headers: headers,
            body: body,
            tls: tls,
            httpVersion: httpVersion,
            timeout: timeout,
            connectTimeout: connectTimeout,
            freshConnection: fresh,
            attempt: attempt,
            egress: egress
        )
    }
}

extension CurlTransport {
    /// Sends one request and waits for its result.
    func result(of request: TransportRequest) async -> TransportResult {
        await withCheckedContinuation { continuation in
            send([TransportOrder(token: 1, request: request)]) { continuation.resume(returning: $0[0].result) }
        }
    }

    /// Sends requests together and waits for all results, in the order of the requests.
    func results(of requests: [TransportRequest]) async -> [TransportResult] {
        let orders = requests.enumerated().map { TransportOrder(token: UInt64($0), request: $1) }
        let collected = Collected(expected: orders.count)
        return await withCheckedContinuation { continuation in
            send(orders) { completions in
                if let all = collected.add(completions) { continuation.resume(returning: all) }
            }
        }
    }
}

/// Runs `attempt` with a short timeout, and with longer ones where the machine was too busy to get far enough in it.
func withPatience(
    until isFarEnough: (TransportResult) -> Bool = \.mayHaveBeenSent,
    _ attempt: (Duration) async throws -> TransportResult
) async rethrows -> TransportResult {
    for patience in [Duration.milliseconds(200), .seconds(1), .seconds(5)] {
        let result = try await attempt(patience)
        if isFarEnough(result) { return result }
    }
    return try await attempt(.seconds(25))
}

/// Results until all are there.
private final class Collected: Sendable {
    private let results = Mutex<[UInt64: TransportResult]>([:])
    private let expected: Int

    init(expected: Int) {
        self.expected = expected
    }

    func add(_ completions: [TransportCompletion]) -> [TransportResult]? {
        results.withLock { results in
            for completion in completions { results[completion.token] = completion.result }
            guard results.count == expected else { return nil }
            return results.sorted { $0.key < $1.key }.map(\.value)
        }
    }
}

extension TransportResult {
    /// The class of the failure, or nil for an answer.
    var error: FailureKind? { if case .failed(let error, _) = ending { error } else { nil } }

    /// The status of the answer, or nil.
    var status: Int? { if case .responded(let status) = ending { status } else { nil } }

    var detail: String? { if case .failed(_, let detail) = ending { detail } else { nil } }
}

/// A value that a thread hands over and a test waits for.
final class Handover<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func give(_ value: Value) { continuation.yield(value) }

    func take() async -> Value? { await stream.first { _ in true } }
}
