/// The class of a failure.
public enum DeliveryError: String, Error, Sendable, Hashable, CaseIterable {
    /// The name could not be resolved. No request byte left.
    case dns
    /// No connection. No request byte left.
    case connect
    /// The TLS handshake failed. No request byte left.
    case tls
    /// The egress policy forbids the address. No request byte left.
    case blocked
    /// The attempt took too long.
    case timeout
    /// The connection ended after request bytes left and before a whole answer.
    case disconnected
    /// The answer is not HTTP.
    case protocolError = "protocol"
    /// The answer's headers are too large.
    case responseTooLarge = "response_too_large"
    /// A status that is no success.
    case status
    /// Our own crash came between.
    case interrupted
    /// The body could not be rendered.
    case template
    /// The subscription is disabled.
    case disabled
    /// A bug or a local fault.
    case `internal`
}
