internal import CWebhooksCurl
internal import WebhookCore

/// The facts that libcurl reports about a finished transfer.
struct TransferInfo {
    var code: CURLcode
    var isTLS: Bool
    var usesProxy: Bool
    /// Requests that libcurl was about to send.
    var requestCount: Int
    /// True when the request went out on a connection that had served before.
    var isReused: Bool
    /// True when the TCP connection stood.
    var isConnected: Bool
    var isBlocked: Bool
    var isStarved: Bool
    /// The reason that it was cut off for.
    var cancelReason: String?
    /// Tells whether the latest time for the first byte had passed.
    var isTooLate: Bool
    /// OpenSSL's verdict on the certificate chain (X509_V_…).
    var verifyResult: Int

    /// The detail of a request whose latest time has passed.
    static let tooLate = "the time of the dispatcher's lease was over before the request left"

    /// True when any byte of the request may have left.
    var mayHaveBeenSent: Bool { requestCount > 0 }
}

extension TransferInfo {
    /// Returns the ending that the transfer stands for. The texts are our own: libcurl's may quote the peer or name an
    /// internal address.
    func ending(_ response: ResponseCollector) -> TransportResult.Ending {
        if let status = response.finalStatus { return .responded(status: status) }
        let (error, detail) = failure(response)
        return .failed(error, detail: detail)
    }

    /// Tells whether a reused connection was found dead: the receiver had closed it while it was idle.
    func isStale(_ response: ResponseCollector) -> Bool {
        guard mayHaveBeenSent, !response.hasStarted, cancelReason == nil else { return false }
        // A second request is one that libcurl would have repeated, and it repeats none but those.
        if requestCount > 1 { return true }
        switch code {
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR:
            return isReused
        default:
            return false
        }
    }

    private func failure(_ response: ResponseCollector) -> (FailureKind, String) {
        if let cancelReason { return (.interrupted, "\(cancelReason) while the request was under way") }
        if isTooLate { return (.interrupted, Self.tooLate) }
        if response.headersTooLarge { return (.responseTooLarge, "the answer's headers exceed 64 KiB or 200 lines") }
        if response.isMalformed { return (.protocolError, "the answer is not HTTP") }
        return mayHaveBeenSent ? failureAfterRequest(response) : failureBeforeRequest()
    }

    private func failureBeforeRequest() -> (FailureKind, String) {
        if isBlocked { return (.blocked, "the egress policy forbids the address") }
        if isStarved { return (.connect, "this machine had no file descriptor or memory left for a connection") }
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            if !isConnected { return (.timeout, "no connection was made in time") }
            return (
                .timeout, isTLS ? "the TLS handshake did not finish in time" : "the connection was not ready in time"
            )
        case CURLE_PEER_FAILED_VERIFICATION:
            return (.tls, CertificateProblem.detail(verifyResult))
        case CURLE_SSL_CACERT_BADFILE:
            return (.tls, "the configured authorities could not be read")
        case CURLE_SSL_CERTPROBLEM:
            return (.tls, "the client certificate or its key was not accepted")
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
            CURLE_USE_SSL_FAILED, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return (.tls, "the TLS handshake failed")
        case CURLE_COULDNT_CONNECT:
            return (.connect, usesProxy ? "the proxy made no connection" : "the connection was refused or unreachable")
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST:
            return (.dns, ResolutionError.unavailable.detail)
        case CURLE_PROXY:
            return (.connect, "the proxy made no connection")
        case CURLE_ABORTED_BY_CALLBACK where usesProxy:
            return (.connect, "the proxy's answer has no end")
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING:
            if usesProxy { return (.connect, "the proxy made no connection") }
            return isTLS
                ? (.tls, "the connection ended during the TLS handshake") : (.connect, "the connection ended at once")
        default:
            return (.internal, "the request could not be made (libcurl code \(code.rawValue))")
        }
    }

    private func failureAfterRequest(_ response: ResponseCollector) -> (FailureKind, String) {
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            return (.timeout, response.hasStarted ? "the answer did not end in time" : "no answer came in time")
        // Nobody can tell HTTP/0.9, which has no headers, from other garbage.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_HTTP2, CURLE_BAD_CONTENT_ENCODING,
            CURLE_FILESIZE_EXCEEDED, CURLE_RANGE_ERROR:
            return (.protocolError, "the answer is not HTTP")
        case CURLE_HTTP2_STREAM:
            return (.disconnected, "the receiver ended the HTTP/2 stream without an answer")
        // libcurl gathers a header line only up to a limit of its own, and then says that memory ran out.
        case CURLE_OUT_OF_MEMORY:
            return (.responseTooLarge, "the answer has a header line that is too long")
        case CURLE_OK, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE,
            CURLE_ABORTED_BY_CALLBACK, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR, CURLE_SEND_FAIL_REWIND:
            return (
                .disconnected,
                response.hasStarted
                    ? "the connection ended within the answer's headers" : "the connection ended without an answer"
            )
        default:
            return (.internal, "the request failed (libcurl code \(code.rawValue))")
        }
    }
}
