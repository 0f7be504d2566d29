internal import CWebhooksCurl
internal import Glibc
internal import WebhookCore

/// Callbacks that libcurl calls while it works, always on the shard's queue. None of them may call libcurl.
enum Callbacks {
    static let header: webhooks_curl_data_function = { bytes, size, count, context in
        let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
        guard let handle = handle(context), let exchange = handle.exchange else { return 0 }
        guard exchange.response.header(piece) == .more else { return 0 }
        if exchange.response.finalStatus != nil { handle.sockets.answerBegan(exchange) }
        return piece.count
    }

    static let body: webhooks_curl_data_function = { bytes, size, count, context in
        let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
        guard let exchange = exchange(context), exchange.response.body(piece) == .more else { return 0 }
        return piece.count
    }

    /// Called for every request before its first byte, on reused connections too: this is where the number of requests
    /// on the wire is known. libcurl repeats a request by itself when a reused connection died; not here.
    ///
    /// Input that waits in a pooled connection was sent before this request: it is no response to it. libcurl would take it for
    /// one, and the connection for usable.
    static let beforeRequest: webhooks_curl_prereq_function = { context, peer, local, peerPort, localPort in
        guard let handle = handle(context), let exchange = handle.exchange else { return CURL_PREREQFUNC_ABORT }
        if exchange.requestCount > 0 {
            exchange.requestCount += 1
            return CURL_PREREQFUNC_ABORT
        }
        guard let peer, exchange.allowsPeer(peer) else {
            exchange.isBlocked = true
            return CURL_PREREQFUNC_ABORT
        }
        let ends = SocketTable.Ends(peer: peer, peerPort: peerPort, local: local, localPort: localPort)
        if exchange.socketCount == 0 {
            exchange.socket = handle.sockets.socket(of: ends) ?? webhooks_curl_bad_socket
            if webhooks_curl_has_input(handle.pointer, exchange.socket, exchange.usesTLS) {
                exchange.foundInput = true
                return CURL_PREREQFUNC_ABORT
            }
            exchange.isReused = true
        } else if webhooks_curl_local_port(exchange.socket) == localPort {
            handle.sockets.connected(exchange.socket, ends)
        }
        if exchange.request.httpVersion == .http2 {
            // Behind a proxy's own encryption libcurl doesn't say whose choice it tells of.
            exchange.response.speaksHTTP2 = webhooks_curl_speaks_http2(handle.pointer)
        }
        // As late as can be: nothing comes between this look and the first byte but libcurl itself.
        guard exchange.mayStart else {
            exchange.isTooLate = true
            return CURL_PREREQFUNC_ABORT
        }
        exchange.requestCount = 1
        return CURL_PREREQFUNC_OK
    }

    /// The last look at where a connection goes, at what is handed to `connect`.
    static let openSocket: webhooks_curl_open_function = { context, _, address in
        guard let handle = handle(context), let exchange = handle.exchange, let address else {
            return webhooks_curl_bad_socket
        }
        let sockets = handle.sockets
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
        exchange.socket = descriptor
        sockets.opened(descriptor)
        return descriptor
    }

    /// The end of a socket, called with the table of the shard's sockets.
    static let closeSocket: webhooks_curl_close_function = { context, socket in
        guard let context else { return -1 }
        return Unmanaged<SocketTable>.fromOpaque(context).takeUnretainedValue().close(socket)
    }

    /// Called for every step of a transfer through a proxy.
    static let progress: webhooks_curl_progress_function = { context, _, _, _, _ in
        guard let handle = handle(context), handle.mayGoOn() else { return 1 }
        return 0
    }

    /// Called when the TCP connection stands. libcurl tells the time of that only if the handshake succeeds too.
    static let beginTLS: webhooks_curl_tls_function = { _, tlsContext, context in
        guard let tlsContext, let handle = handle(context), let exchange = handle.exchange else {
            return CURLE_SSL_CONNECT_ERROR
        }
        exchange.connectedAt = .now
        let hasIdentity = exchange.request.tls?.certificate != nil
        let isReady = webhooks_curl_prepare_tls(tlsContext, handle.monitor.call, hasIdentity)
        return isReady ? CURLE_OK : CURLE_SSL_CIPHER
    }

    private static func handle(_ context: UnsafeMutableRawPointer?) -> EasyHandle? {
        context.map { Unmanaged<EasyHandle>.fromOpaque($0).takeUnretainedValue() }
    }

    private static func exchange(_ context: UnsafeMutableRawPointer?) -> Exchange? { handle(context)?.exchange }
}
