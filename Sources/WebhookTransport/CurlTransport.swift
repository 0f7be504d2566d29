internal import CWebhooksCurl
internal import Glibc
package import WebhookCore

/// Sends requests with libcurl.
///
/// Each shard drives one of libcurl's multi handles on a serial queue, with all its sockets behind a single Dispatch
/// source. Names are looked up elsewhere, every address found is judged by the request's ``EgressPolicy``, and the
/// connection goes to one of them and to nothing else. No request is sent twice: where libcurl would repeat one because
/// a reused connection had died, it is stopped, and the result says ``TransportResult/isStaleConnection``.
///
/// The environment (`http_proxy`, `.netrc`, `SSLKEYLOGFILE`) has no say. libcurl makes the last one's file, as the host asks
/// for that in its own environment; no keys of ours get into it.
package final class CurlTransport: Transport {
    let shards: [Shard]

    /// Makes a transport.
    ///
    /// - Parameters:
    ///   - options: how it works.
    ///   - resolver: looks names up; address literals don't reach it.
    /// - Throws: ``CurlTransportError`` where libcurl or the system lack what it takes.
    package init(
        options: CurlTransportOptions = CurlTransportOptions(),
        resolver: any HostResolver = SystemResolver()
    ) throws(CurlTransportError) {
        guard CurlGlobal.code == CURLE_OK else { throw .library }
        guard webhooks_curl_uses_openssl() else { throw .tlsLibrary }
        let idle = options.idleConnections ?? Self.defaultIdleConnections
        let watchdog = Watchdog()
        var shards: [Shard] = []
        do {
            for index in 0..<options.shards {
                let share = max(1, idle / options.shards)
                shards.append(try Shard(number: index, idleConnections: share, resolver: resolver, watchdog: watchdog))
            }
        } catch {
            for shard in shards { shard.post(.shutDown) }
            throw error
        }
        self.shards = shards
        guard watchdog.start(shards.map(\.watched)) else {
            shutdown()
            throw .thread
        }
    }

    deinit { shutdown() }

    package func send(_ orders: [TransportOrder], completion: @escaping @Sendable ([TransportCompletion]) -> Void) {
        guard !orders.isEmpty else { return }
        if shards.count == 1 {
            shards[0].post(.send(orders, completion))
            return
        }
        for (index, share) in Dictionary(grouping: orders, by: { shard(of: $0.request.url) }) {
            shards[index].post(.send(share, completion))
        }
    }

    package func cancelAll() {
        for shard in shards { shard.post(.cancel(nil, reason: Shard.stopped)) }
    }

    package func cancel(_ tokens: Set<UInt64>, reason: String) {
        guard !tokens.isEmpty else { return }
        for shard in shards { shard.post(.cancel(tokens, reason: reason)) }
    }

    /// The number of connections that are open, in use or kept, and of those that were ever opened or tried to.
    package var connections: (open: Int, everOpened: Int) {
        shards.reduce(into: (0, 0)) { sum, shard in
            let counts = shard.sockets.counts
            sum.0 += counts.open
            sum.1 += counts.everOpened
        }
    }

    package func ping(_ completion: @escaping @Sendable () -> Void) { Self.ping(shards[...], completion) }

    /// One after the other: the answer is that of all.
    private static func ping(_ shards: ArraySlice<Shard>, _ completion: @escaping @Sendable () -> Void) {
        guard let first = shards.first else { return completion() }
        first.post(.ping { ping(shards.dropFirst(), completion) })
    }

    /// Ends every request under way as ``cancelAll()`` does, closes all connections and frees what libcurl holds.
    /// Returns at once. Whatever is sent afterwards ends as `interrupted`. Calling it again does nothing.
    package func shutdown() {
        for shard in shards { shard.post(.shutDown) }
    }

    /// The same endpoint always lands in the same shard, where its connections are (FNV-1a).
    private func shard(of url: EndpointURL) -> Int {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in url.host.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ UInt64(url.port)) &* 0x100_0000_01B3
        return Int((hash ^ hash >> 32) % UInt64(shards.count))
    }

    private static var defaultIdleConnections: Int {
        guard let limit = FileDescriptors.limit else { return 64 }
        return max(1, min(512, limit / 4))
    }
}

/// Options of a ``CurlTransport``.
package struct CurlTransportOptions: Sendable {
    /// Multi handles, each with a queue and connections of its own; endpoints are spread over them by host and port.
    /// Defaults to 1, which is best for up to about a thousand connections. libcurl looks through the connections of a
    /// multi handle after every request: with many thousands open at once, take one shard for about two thousand.
    package var shards: Int
    /// Idle connections that are kept at most, over all shards, each for up to 30 s. `nil`, the default: 512, or a quarter
    /// of the descriptors that the process may open where that is less.
    package var idleConnections: Int?

    package init(shards: Int = 1, idleConnections: Int? = nil) {
        self.shards = max(1, shards)
        self.idleConnections = idleConnections
    }
}

/// The reason why a transport could not be made.
package struct CurlTransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The failure, in words.
    package let description: String

    static func system(_ call: String, _ code: Int32) -> CurlTransportError {
        CurlTransportError(description: "\(call): \(String(cString: strerror(code)))")
    }

    static let thread = CurlTransportError(description: "no thread could be started")

    static let library = CurlTransportError(description: "libcurl could not be initialized")

    static let tlsLibrary = CurlTransportError(description: "libcurl has to be built with OpenSSL")
}
