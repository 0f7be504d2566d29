internal import CWebhooksCurl
internal import WebhookCore

extension EasyHandle {
    /// The options that are the same for every request.
    func applyFixedOptions() -> Bool {
        let options = OptionSetter(pointer)
        let this = Unmanaged.passUnretained(self).toOpaque()
        options.set(CURLOPT_PRIVATE, pointer: this)
        options.note(webhooks_curl_set_data_function(pointer, CURLOPT_HEADERFUNCTION, Callbacks.header))
        options.set(CURLOPT_HEADERDATA, pointer: this)
        options.note(webhooks_curl_set_data_function(pointer, CURLOPT_WRITEFUNCTION, Callbacks.body))
        options.set(CURLOPT_WRITEDATA, pointer: this)
        options.note(webhooks_curl_set_prereq_function(pointer, Callbacks.beforeRequest))
        options.set(CURLOPT_PREREQDATA, pointer: this)
        options.note(webhooks_curl_set_open_function(pointer, Callbacks.openSocket))
        options.set(CURLOPT_OPENSOCKETDATA, pointer: this)
        // Connections outlive the handle that made them, and the table outlives them.
        options.note(webhooks_curl_set_close_function(pointer, Callbacks.closeSocket))
        options.set(CURLOPT_CLOSESOCKETDATA, pointer: Unmanaged.passUnretained(sockets).toOpaque())
        options.note(webhooks_curl_set_tls_function(pointer, Callbacks.beginTLS))
        options.set(CURLOPT_SSL_CTX_DATA, pointer: this)

        options.set(CURLOPT_NOSIGNAL, true)
        options.set(CURLOPT_PROTOCOLS_STR, "http,https")
        options.set(CURLOPT_FOLLOWLOCATION, false)
        options.set(CURLOPT_PATH_AS_IS, true)
        options.set(CURLOPT_DISALLOW_USERNAME_IN_URL, true)
        // An empty text turns off what the environment says; the second one belongs to a configured proxy.
        options.set(CURLOPT_PROXY, "")
        options.set(CURLOPT_NOPROXY, "")
        options.set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        options.set(CURLOPT_HTTP09_ALLOWED, false)
        options.set(CURLOPT_HTTP_CONTENT_DECODING, false)
        options.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, true)
        options.set(CURLOPT_PIPEWAIT, false)
        // libcurl walks through all it has cached after every request, and it gets nothing but addresses from us.
        options.set(CURLOPT_DNS_CACHE_TIMEOUT, 0)
        options.set(CURLOPT_MAXAGE_CONN, 30)
        options.set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        options.set(CURLOPT_SSL_VERIFYPEER, true)
        options.set(CURLOPT_SSL_VERIFYHOST, 2)
        options.set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        options.set(CURLOPT_PROXY_SSL_VERIFYPEER, true)
        options.set(CURLOPT_PROXY_SSL_VERIFYHOST, 2)
        if CurlGlobal.hasAuthoritiesFile { options.set(CURLOPT_CAPATH, nil as String?) }
        return options.succeeded
    }

    /// Everything that `prepare` sets for every request, so that nothing of the one before stays.
    func applyRequest(_ exchange: Exchange, to options: OptionSetter, now: MonotonicTime) {
        let request = exchange.request
        options.set(CURLOPT_POSTFIELDSIZE_LARGE, offset: request.body.count)
        // The bytes never move, and the exchange keeps them until the handle is released.
        request.body.withUnsafeBytes { options.set(CURLOPT_POSTFIELDS, pointer: $0.baseAddress) }
        options.set(CURLOPT_HTTPHEADER, list: makeHeaders(request.headers, options))
        options.set(
            CURLOPT_HTTP_VERSION,
            Int(request.httpVersion == .http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1)
        )
        // libcurl fills this up to a hundred times before it returns, and answers are short. Of HTTP/2's headers it has to
        // hold all that is let through: with what is left of them libcurl goes on only when something else comes.
        let isHTTP2 = request.httpVersion == .http2
        options.set(CURLOPT_BUFFERSIZE, isHTTP2 ? ResponseLimits().headerBytes + 8_192 : 4_096)
        options.set(CURLOPT_TIMEOUT_MS, (exchange.deadline - now).curlMilliseconds)
        options.set(CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.curlMilliseconds)
        options.set(CURLOPT_FRESH_CONNECT, request.freshConnection || exchange.needsFreshConnection)
        options.set(CURLOPT_FORBID_REUSE, request.freshConnection)
    }

    /// The name stays in the URL, for `Host`, SNI and the certificate's check; the connection goes to the address.
    ///
    /// - Returns: a list that libcurl reads until the option is set again.
    func applyEndpoint(_ url: EndpointURL, target: Exchange.Target, to options: OptionSetter)
        -> UnsafeMutablePointer<curl_slist>?
    {
        options.set(CURLOPT_URL, url.reveal())
        let list = list(["\(url.bracketedHost):\(url.port):\(target.bracketed):\(url.port)"], options)
        options.set(CURLOPT_CONNECT_TO, list: list)
        return list
    }

    func applyTLS(_ tls: TLSOptions, to options: OptionSetter) {
        if let authorities = tls.authorities {
            options.set(CURLOPT_CAINFO_BLOB, blob: authorities)
            // The blob stands in for the file alone: the folder of the system's authorities would still be trusted.
            options.set(CURLOPT_CAPATH, nil as String?)
        }
        if let certificate = tls.certificate {
            options.set(CURLOPT_SSLCERTTYPE, "PEM")
            options.set(CURLOPT_SSLCERT_BLOB, blob: certificate)
        }
        if let key = tls.key {
            options.set(CURLOPT_SSLKEYTYPE, "PEM")
            options.set(CURLOPT_SSLKEY_BLOB, blob: ByteString(key.reveal()))
        }
    }

    /// A tunnel to the vetted address. The proxy's own addresses come from our lookup, so that libcurl makes none.
    func applyProxy(_ proxy: EgressPolicy.Proxy, _ addresses: [IPAddress], to options: OptionSetter) {
        let literal = IPAddress(literalHost: proxy.host)
        let host = literal?.bracketed ?? proxy.host
        options.set(CURLOPT_PROXY, "\(proxy.isTLS ? "https" : "http")://\(host):\(proxy.port)")
        options.set(CURLOPT_HTTPPROXYTUNNEL, true)
        options.note(webhooks_curl_set_progress_function(pointer, Callbacks.progress))
        options.set(CURLOPT_XFERINFODATA, pointer: Unmanaged.passUnretained(self).toOpaque())
        options.set(CURLOPT_NOPROGRESS, false)
        options.set(CURLOPT_PROXYAUTH, webhooks_curl_basic_authentication)
        options.set(CURLOPT_PROXYUSERNAME, proxy.username)
        options.set(CURLOPT_PROXYPASSWORD, proxy.password?.reveal())
        if literal != nil { return }
        let found = addresses.map(\.bracketed).joined(separator: ",")
        // Without "+" the entry stays until the next request through the proxy replaces it.
        if let list = list(["\(host):\(proxy.port):\(found)"], options) {
            keep(list)
            options.set(CURLOPT_RESOLVE, list: list)
        }
    }

    private func list(_ entries: some Sequence<String>, _ options: OptionSetter) -> UnsafeMutablePointer<curl_slist>? {
        var head: UnsafeMutablePointer<curl_slist>?
        for entry in entries {
            guard let grown = curl_slist_append(head, entry) else {
                options.fail()
                break
            }
            head = grown
        }
        return head
    }
}
