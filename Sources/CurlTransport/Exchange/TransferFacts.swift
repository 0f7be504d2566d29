internal import CCurl

/// What is known of a transfer that libcurl is done with.
struct TransferFacts {
    var code: CURLcode
    var isTLS: Bool
    var usesProxy: Bool
    /// Requests that libcurl was about to send.
    var requestCount: Int
    /// Whether the request went out on a connection that had served before.
    var isReused: Bool
    /// Whether the TCP connection stood.
    var isConnected: Bool
    var isBlocked: Bool
    var isStarved: Bool
    var isCancelled: Bool
    /// OpenSSL's verdict on the certificate chain (X509_V_…).
    var verifyResult: Int

    /// Whether any byte of the request may have left.
    var requestLeft: Bool { requestCount > 0 }
}
