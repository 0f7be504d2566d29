internal import CCurl
internal import Glibc
internal import WebhookCore

/// What libcurl calls while it works, always on the shard's queue. None of it may call libcurl back.
enum Callbacks {
    static let header: webhooks_curl_data_function = { bytes, size, count, context in
        let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
        guard let exchange = exchange(context), exchange.response.header(piece) == .more else { return 0 }
        return piece.count
    }

    static let body: webhooks_curl_data_function = { bytes, size, count, context in
        let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
        guard let exchange = exchange(context), exchange.response.body(piece) == .more else { return 0 }
        return piece.count
    }

    /// Called for every request before its first byte, on reused connections too: this is where the number of requests
    /// on the wire is known. libcurl repeats a request by itself when a reused connection died; not here.
    static let beforeRequest: webhooks_curl_prereq_function = { context, peer, _, _, _ in
        guard let exchange = exchange(context) else { return CURL_PREREQFUNC_ABORT }
        if exchange.requestCount > 0 {
            exchange.requestCount += 1
            return CURL_PREREQFUNC_ABORT
        }
        guard let peer, exchange.allowsPeer(peer) else {
            exchange.isBlocked = true
            return CURL_PREREQFUNC_ABORT
        }
        exchange.isReused = exchange.socketCount == 0
        exchange.requestCount = 1
        return CURL_PREREQFUNC_OK
    }

    /// The last look at where a connection goes, at what is handed to `connect`.
    static let openSocket: webhooks_curl_open_function = { context, _, address in
        guard let exchange = exchange(context), let address else { return webhooks_curl_bad_socket }
        // After the request: libcurl means to repeat it on a new connection, see `beforeRequest`.
        guard exchange.requestCount == 0 else {
            exchange.requestCount += 1
            return webhooks_curl_bad_socket
        }
        let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
        let peer = SocketAddress(UnsafeRawPointer(address) + offset, length: Int(address.pointee.addrlen))
        let port = exchange.request.egress.proxy?.port ?? exchange.request.url.port
        guard let peer, peer.port == port, exchange.allowsPeer(peer.address) else {
            exchange.isBlocked = true
            return webhooks_curl_bad_socket
        }
        let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        guard let descriptor = DescriptorReserve.socket(address.pointee.family, kind, address.pointee.protocol) else {
            exchange.isStarved = [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno)
            return webhooks_curl_bad_socket
        }
        exchange.socketCount += 1
        return descriptor
    }

    /// Called when the TCP connection stands. libcurl tells the time of that only if the handshake succeeds too.
    static let beginTLS: webhooks_curl_tls_function = { _, tlsContext, context in
        guard let tlsContext, let exchange = exchange(context) else { return CURLE_SSL_CONNECT_ERROR }
        webhooks_curl_forbid_key_log(tlsContext)
        exchange.connectedAt = .now
        return CURLE_OK
    }

    private static func exchange(_ context: UnsafeMutableRawPointer?) -> Exchange? {
        context.flatMap { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue().exchange }
    }
}
