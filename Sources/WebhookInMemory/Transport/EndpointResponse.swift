public import WebhookCore

/// A scripted receiver's response to a request.
public enum EndpointResponse: Sendable, Hashable {
    /// Answers.
    case status(Int, headers: [HTTPHeader] = [])
    /// Takes the request and never answers.
    case silence
    /// Nothing ever comes back from the network: not even a connection.
    case blackHole
    /// No connection.
    case refused
    /// Its name can't be resolved.
    case unknownHost
    /// The handshake fails.
    case badCertificate
    /// Reads the request and closes without a byte.
    case disconnect
    /// The pooled connection was dead before the request reached anybody.
    case staleConnection
    /// Answers something that is not HTTP.
    case garbage
    /// Answers with headers without an end.
    case endlessHeaders
    /// Answers 200 and cuts the body short.
    case cutBody

    /// 200.
    public static let ok = EndpointResponse.status(200)
}

/// A request and its end as it comes out of an ``EndpointResponse``.
package struct ScriptedExchange: Sendable {
    package var result: TransportResult
    /// True when the receiver saw the request.
    package var isReceived: Bool
    /// The time that it takes; never longer than the attempt may.
    package var duration: Duration
}

extension EndpointResponse {
    /// Plays the request through.
    ///
    /// - Parameters:
    ///   - latency: how long an answer takes; more than `timeout` ends as a timeout.
    ///   - timeout: the most that the attempt may take.
    package func exchange(latency: Duration, timeout: Duration) -> ScriptedExchange {
        switch self {
        case .silence:
            return failed(.timeout, left: true, received: true, after: timeout)
        case .blackHole:
            return failed(.timeout, left: false, received: false, after: timeout)
        case .status, .disconnect, .garbage, .endlessHeaders, .cutBody:
            if latency >= timeout { return failed(.timeout, left: true, received: true, after: timeout) }
        default:
            break
        }
        let duration = min(latency, timeout)
        switch self {
        case .status(let status, let headers):
            return responded(status, headers, after: duration)
        case .cutBody:
            var exchange = responded(200, [], after: duration)
            exchange.result.isTruncated = true
            return exchange
        case .refused: return failed(.connect, left: false, received: false, after: duration)
        case .unknownHost: return failed(.dns, left: false, received: false, after: duration)
        case .badCertificate: return failed(.tls, left: false, received: false, after: duration)
        case .garbage: return failed(.protocolError, left: true, received: true, after: duration)
        case .endlessHeaders: return failed(.responseTooLarge, left: true, received: true, after: duration)
        case .staleConnection:
            var exchange = failed(.disconnected, left: true, received: false, after: duration)
            exchange.result.isStaleConnection = true
            exchange.result.connectionReused = true
            return exchange
        case .disconnect, .silence, .blackHole:
            return failed(.disconnected, left: true, received: true, after: duration)
        }
    }

    private func responded(_ status: Int, _ headers: [HTTPHeader], after duration: Duration) -> ScriptedExchange {
        var result = TransportResult(ending: .responded(status: status), mayHaveBeenSent: true, duration: duration)
        result.headers = headers
        result.httpVersion = "1.1"
        return ScriptedExchange(result: result, isReceived: true, duration: duration)
    }

    private func failed(_ error: FailureKind, left: Bool, received: Bool, after duration: Duration)
        -> ScriptedExchange
    {
        ScriptedExchange(
            result: TransportResult(
                ending: .failed(error, detail: "scripted"),
                mayHaveBeenSent: left,
                duration: duration
            ),
            isReceived: received,
            duration: duration
        )
    }
}
