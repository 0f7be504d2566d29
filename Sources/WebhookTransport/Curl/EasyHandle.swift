internal import CWebhooksCurl
internal import WebhookCore

/// One of libcurl's easy handles, used for one request after the other. Confined to its shard's queue.
final class EasyHandle {
    let pointer: UnsafeMutableRawPointer
    let sockets: SocketTable
    let monitor: CallMonitor
    /// The request it is used for.
    private(set) var exchange: Exchange?

    /// Lists that live as long as the request.
    private var lists: [UnsafeMutablePointer<curl_slist>] = []
    /// The endpoint that the handle is set up for, and the list that tells libcurl its address: mostly that of the next
    /// request as well.
    private var endpoint: (url: EndpointURL, address: IPAddress)?
    private var endpointList: UnsafeMutablePointer<curl_slist>?
    private var headers = webhooks_curl_headers()
    /// True when options are set that the next request must not inherit.
    private var needsReset = false

    /// The number of libcurl's progress reports, and the call they came in.
    private var progress = (call: MonotonicTime?.none, count: 0)

    /// `nil` where memory ran out.
    init?(sockets: SocketTable, monitor: CallMonitor) {
        guard let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
        self.sockets = sockets
        self.monitor = monitor
        guard applyFixedOptions() else {
            curl_easy_cleanup(pointer)
            return nil
        }
    }

    deinit {
        curl_easy_cleanup(pointer)
        freeLists()
        curl_slist_free_all(endpointList)
    }

    /// Sets the handle up for a request to its current address; false where libcurl refuses an option.
    func prepare(_ exchange: Exchange, now: MonotonicTime) -> Bool {
        guard let target = exchange.target else { return false }
        self.exchange = exchange
        needsReset = exchange.request.tls != nil || exchange.request.egress.proxy != nil
        let options = OptionSetter(pointer)
        applyRequest(exchange, to: options, now: now)
        let url = exchange.request.url
        if endpoint?.address != target.address || endpoint?.url != url {
            let last = endpointList
            endpointList = applyEndpoint(url, target: target, to: options)
            curl_slist_free_all(last)
            endpoint = options.succeeded ? (url, target.address) : nil
        }
        if let tls = exchange.request.tls { applyTLS(tls, to: options) }
        if let proxy = exchange.request.egress.proxy { applyProxy(proxy, exchange.proxyAddresses, to: options) }
        return options.succeeded
    }

    /// Lets a transfer that is under way go on until `time`.
    func extend(_ exchange: Exchange, to time: MonotonicTime) {
        let options = OptionSetter(pointer)
        let most = time - exchange.handedOverAt
        options.set(CURLOPT_TIMEOUT_MS, max(most, exchange.deadline - exchange.handedOverAt).curlMilliseconds)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, max(most, exchange.request.connectTimeout).curlMilliseconds)
    }

    /// Notes that libcurl goes on with the transfer; false where it has done so too often in one call.
    func mayGoOn() -> Bool {
        let call = monitor.began
        progress = (call, progress.call == call ? progress.count + 1 : 1)
        return progress.count <= Self.progressLimit
    }

    /// libcurl reads a proxy's answer byte by byte, for as long as there are any, and tells of each.
    private static let progressLimit = 20_000

    /// Ends the use for a request, whose body and lists libcurl points to until then.
    func release() {
        exchange = nil
        freeLists()
        guard needsReset else { return }
        needsReset = false
        curl_easy_reset(pointer)
        endpoint = nil
        // The options were accepted before.
        _ = applyFixedOptions()
    }

    /// Frees `list` with the request.
    func keep(_ list: UnsafeMutablePointer<curl_slist>) { lists.append(list) }

    /// Header lines that live as long as the request.
    func makeHeaders(_ fields: [HTTPHeader], _ options: OptionSetter) -> UnsafeMutablePointer<curl_slist>? {
        var list = webhooks_curl_headers()
        for field in fields {
            var (name, value) = (field.name, field.value)
            let added = name.withUTF8 { name in
                value.withUTF8 { value in
                    webhooks_curl_headers_add(&list, name.baseAddress, name.count, value.baseAddress, value.count)
                }
            }
            if !added { options.fail() }
        }
        webhooks_curl_headers_end(&list)
        headers = list
        return list.first
    }

    private func freeLists() {
        webhooks_curl_headers_free(&headers)
        for list in lists { curl_slist_free_all(list) }
        lists.removeAll(keepingCapacity: true)
    }
}

extension EasyHandle {
    func microseconds(_ info: CURLINFO) -> Int64 { Int64(webhooks_curl_get_offset(pointer, info)) }

    func long(_ info: CURLINFO) -> Int { webhooks_curl_get_long(pointer, info) }

    /// The version that the answer came in.
    var httpVersion: String? {
        switch long(CURLINFO_HTTP_VERSION) {
        case Int(CURL_HTTP_VERSION_1_0): "1.0"
        case Int(CURL_HTTP_VERSION_1_1): "1.1"
        case Int(CURL_HTTP_VERSION_2_0): "2"
        default: nil
        }
    }
}

/// Sets options and remembers whether all were accepted.
final class OptionSetter {
    private let easy: UnsafeMutableRawPointer
    private(set) var succeeded = true

    init(_ easy: UnsafeMutableRawPointer) {
        self.easy = easy
    }

    func set(_ option: CURLoption, _ value: Int) { note(webhooks_curl_set_long(easy, option, value)) }

    func set(_ option: CURLoption, _ value: Bool) { set(option, value ? 1 : 0) }

    func set(_ option: CURLoption, _ text: String?) { note(webhooks_curl_set_string(easy, option, text)) }

    func set(_ option: CURLoption, offset: Int) { note(webhooks_curl_set_offset(easy, option, curl_off_t(offset))) }

    func set(_ option: CURLoption, pointer: UnsafeRawPointer?) {
        note(webhooks_curl_set_pointer(easy, option, pointer))
    }

    func set(_ option: CURLoption, list: UnsafeMutablePointer<curl_slist>?) {
        note(webhooks_curl_set_list(easy, option, list))
    }

    func set(_ option: CURLoption, blob: ByteString) {
        blob.withUnsafeBytes { note(webhooks_curl_set_blob(easy, option, $0.baseAddress, $0.count)) }
    }

    func fail() { succeeded = false }

    func note(_ code: CURLcode) {
        if code != CURLE_OK { succeeded = false }
    }
}
