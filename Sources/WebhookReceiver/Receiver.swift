internal import Glibc
internal import Synchronization
public import WebhookCore

/// A small HTTP/1.1 receiver for trying things out and for tests: one thread, no dependencies.
///
/// It keeps connections alive, takes requests with `Content-Length` or chunked bodies one after another (pipelined ones
/// too), and answers each as its handler says: properly, late, in pieces, with nonsense, or not at all.
///
/// ```swift
/// let receiver = try Receiver { $0.target == "/gone" ? .status(410) : .noContent }
/// defer { receiver.stop() }
/// let requests = try await receiver.waitForRequests(count: 1)
/// ```
public final class Receiver: Sendable {
    private let loop: ReceiverLoop
    private let host: String
    private let thread = Mutex<pthread_t?>(nil)

    /// Starts to listen; connections are accepted when this returns.
    ///
    /// - Parameter handler: says what to do about a request. It is called on the receiver's only thread and must not
    ///   block: delays belong into the answer.
    /// - Throws: ``ReceiverError`` where the host is no address or the port is taken.
    public convenience init(
        _ options: ReceiverOptions = ReceiverOptions(),
        handler: @escaping @Sendable (ReceivedRequest) -> ReceiverResponse
    ) throws(ReceiverError) {
        try self.init(options, source: .handler(handler))
    }

    /// Starts to listen and gives requests the answers of a script in order; the last one stands for all that follow.
    ///
    /// - Parameter answers: where empty, ``ReceiverResponse/noContent``.
    public convenience init(
        _ options: ReceiverOptions = ReceiverOptions(),
        responses: [ReceiverResponse]
    ) throws(ReceiverError) {
        try self.init(
            options,
            source: .handler { request in
                responses.isEmpty ? .noContent : responses[min(request.number, responses.count) - 1]
            }
        )
    }

    /// Starts to listen as a sink for load: every request is counted and answered with the same status at once, and
    /// nothing is built or recorded of it.
    public convenience init(
        sink options: ReceiverOptions = ReceiverOptions(),
        status: Int = 204,
        body: ByteString = .empty
    ) throws(ReceiverError) {
        let encoded = [false, true].map { closes in
            var bytes: [UInt8] = []
            ResponseEncoder.append(status: status, headers: [], body: body, closes: closes, toHEAD: false, to: &bytes)
            return bytes
        }
        try self.init(options, source: .always(keeping: encoded[0], closing: encoded[1]))
    }

    private init(_ options: ReceiverOptions, source: ReceiverLoop.Source) throws(ReceiverError) {
        let loop = try ReceiverLoop(options, source: source)
        self.loop = loop
        host = options.host.utf8.contains(UInt8(ascii: ":")) ? "[\(options.host)]" : options.host
        // Retained for the thread alone, which releases it.
        let argument = Unmanaged.passRetained(loop)
        var thread = pthread_t()
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                argument.map { Unmanaged<ReceiverLoop>.fromOpaque($0).takeRetainedValue().run() }
                return nil
            },
            argument.toOpaque()
        )
        guard code == 0 else {
            // A stopped loop only cleans up after itself.
            loop.stop()
            argument.takeRetainedValue().run()
            throw .system(call: "pthread_create", code: code)
        }
        self.thread.withLock { $0 = thread }
    }

    deinit { stop() }

    /// The port it listens on.
    public var port: UInt16 { loop.port }

    /// `http://host:port`, without a slash at the end.
    public var url: String { "http://\(host):\(port)" }

    /// The number of requests that came in whole.
    public var requestCount: Int { loop.log.count }

    /// The number of connections that were accepted.
    public var connectionCount: Int { loop.acceptedCount }

    /// The requests so far, in order; empty where they are not recorded.
    public var requests: [ReceivedRequest] { loop.log.requests }

    /// Waits until at least `count` requests have come in whole; their answers may still be under way.
    ///
    /// - Returns: ``requests`` then, which may be more.
    /// - Throws: ``ReceiverError/stopped``, or `CancellationError` where the task is cancelled.
    @discardableResult
    public func waitForRequests(count: Int) async throws -> [ReceivedRequest] {
        try await loop.log.wait(for: count)
        return requests
    }

    /// Forgets the requests so far and begins to count at 1 again.
    public func removeAllRequests() { loop.log.removeAll() }

    /// Closes the connections on which no request is under way; returns when they are closed.
    public func closeIdleConnections() async { await loop.closeIdleConnections() }

    /// Closes all connections and the port, and returns when that is done. More calls do nothing.
    ///
    /// Called by the handler itself, it returns at once and the receiver ends after the handler has.
    public func stop() {
        loop.stop()
        guard let thread = thread.withLock({ $0.take() }) else { return }
        if pthread_equal(thread, pthread_self()) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }
}

/// Options of a ``Receiver``.
public struct ReceiverOptions: Sendable, Hashable {
    /// The address to listen on, an IPv4 or IPv6 literal, or `localhost` for 127.0.0.1. Defaults to `127.0.0.1`.
    public var host = "127.0.0.1"
    /// The port; 0 for a free one. Defaults to 0.
    public var port: UInt16 = 0
    /// True when requests are kept for ``Receiver/requests``. They are counted in any case. Defaults to true.
    public var recordsRequests = true
    /// The largest request line and header fields, in bytes; a larger head is answered with 431. Defaults to 64 KiB.
    public var maxHeadSize = 65_536
    /// The largest body in bytes; a larger one is answered with 413. Defaults to 64 MiB.
    public var maxBodySize = 67_108_864
    /// The number of connections that may wait to be accepted. Defaults to 4096; the system may cap it.
    public var backlog = 4096
    /// The most connections at once: where another one comes, the oldest is closed. `nil`, the default: no limit.
    public var maxConnections: Int?
    /// The longest time that a connection may last, whatever it does. `nil`, the default: no limit.
    public var connectionLifetime: Duration?

    /// Options with the defaults for what isn't given.
    public init(host: String = "127.0.0.1", port: UInt16 = 0, recordsRequests: Bool = true) {
        self.host = host
        self.port = port
        self.recordsRequests = recordsRequests
    }
}

/// The reason why a receiver can't listen, or a wait ended early.
public enum ReceiverError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The host is no address.
    case host(String)
    /// A system call failed; `code` is `errno`.
    case system(call: String, code: Int32)
    /// The receiver was stopped while somebody waited for a request.
    case stopped

    /// The failure of a call that has just returned.
    static func last(_ call: String) -> ReceiverError { .system(call: call, code: errno) }

    public var description: String {
        switch self {
        case .host(let host): "\(host) is not an address to listen on"
        case .system(let call, let code): "\(call): \(String(cString: strerror(code)))"
        case .stopped: "the receiver was stopped"
        }
    }
}
