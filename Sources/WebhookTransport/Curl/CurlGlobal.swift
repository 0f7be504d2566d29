internal import CWebhooksCurl
internal import Glibc

/// libcurl's state of the whole process.
enum CurlGlobal {
    /// Initializes libcurl, once; it is never torn down, since a host may use libcurl too.
    static let code: CURLcode = {
        ignoreBrokenPipes()
        return curl_global_init(Int(CURL_GLOBAL_DEFAULT))
    }()

    /// Whether libcurl brings a file of trusted authorities. It then needs no folder of them besides, and leaving the
    /// folder out lets it keep the parsed file from one handshake to the next.
    static let hasAuthoritiesFile = webhooks_curl_has_authorities_file()

    /// A write to a connection that the peer has closed must end as an error. libcurl doesn't see to that itself under
    /// `CURLOPT_NOSIGNAL`, which threads need; a host that handles the signal keeps its handler.
    private static func ignoreBrokenPipes() {
        var current = sigaction()
        guard sigaction(SIGPIPE, nil, &current) == 0 else { return }
        if current.__sigaction_handler.sa_handler == nil { signal(SIGPIPE, SIG_IGN) }
    }
}
