internal import CWebhooksCurl
internal import Glibc
internal import Synchronization

/// libcurl's state of the whole process.
enum CurlGlobal {
    /// Initializes libcurl, once; it is never torn down, since a host may use libcurl too.
    static let code: CURLcode = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    /// True when libcurl brings a file of trusted authorities. It then needs no folder of them besides, and leaving the
    /// folder out lets it keep the parsed file from one handshake to the next.
    static let hasAuthoritiesFile = webhooks_curl_has_authorities_file()

    /// Runs libcurl's work while a write to a connection that the peer has closed ends as an error in it, whatever the
    /// process does about SIGPIPE: that is the host's, and stays as it is. libcurl doesn't see to it itself under
    /// `CURLOPT_NOSIGNAL`, which threads need.
    static func withoutBrokenPipes(_ work: () -> Void) {
        var (pipe, before) = (sigset_t(), sigset_t())
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        guard pthread_sigmask(SIG_BLOCK, &pipe, &before) == 0 else { return work() }
        work()
        // A signal that somebody else has blocked is for them.
        guard sigismember(&before, SIGPIPE) == 0 else { return }
        // One of ours would be delivered as soon as it may.
        var now = timespec()
        while sigtimedwait(&pipe, nil, &now) == SIGPIPE {}
        pthread_sigmask(SIG_SETMASK, &before, nil)
    }

    /// Frees a multi handle and its connections.
    ///
    /// Here libcurl does see to SIGPIPE itself: it ignores the signal in the whole process and puts back what it found.
    /// Two threads at once could put back each other's, and leave it ignored for good.
    static func cleanUp(_ multi: UnsafeMutableRawPointer) {
        cleanup.withLock { _ in _ = curl_multi_cleanup(multi) }
    }

    private static let cleanup = Mutex(())
}
