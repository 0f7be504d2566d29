internal import CCurl

/// Knows since when a shard's thread has been inside libcurl.
// Safe to share: any thread may ask `began`, which is atomic; all else happens on the shard's queue.
final class CallMonitor: @unchecked Sendable {
    let call: OpaquePointer

    init() throws(CurlTransportError) {
        guard let call = webhooks_curl_call_new() else { throw .library }
        self.call = call
    }

    deinit { webhooks_curl_call_free(call) }

    /// When the call began that the thread is in; `nil` outside libcurl.
    var began: MonotonicTime? {
        let nanoseconds = webhooks_curl_call_began(call)
        return nanoseconds == 0 ? nil : MonotonicTime(nanoseconds: nanoseconds)
    }

    /// Runs what calls libcurl.
    func during<R>(_ body: () -> R) -> R {
        webhooks_curl_call_enter(call)
        defer { webhooks_curl_call_leave(call) }
        return body()
    }
}
