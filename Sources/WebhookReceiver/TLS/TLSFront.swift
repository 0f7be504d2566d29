internal import CWebhooksTLS
internal import Glibc
internal import Synchronization

/// TLS in front of a receiver, with a certificate of its own making: for trying things on this machine.
///
/// A thread accepts, and each connection has one that passes on what is within; both end with ``stop()``.
package final class TLSFront: Sendable {
    /// The certificate to trust, in PEM.
    package let certificate: String
    /// The port it listens on.
    package let port: UInt16

    private let state: Mutex<State>
    private let shared: Shared

    private struct State {
        var descriptor: Int32
        var thread: pthread_t?
    }

    /// State that the threads share.
    // Safe to share: OpenSSL counts the references to what its contexts hold, and makes a session a connection.
    private final class Shared: @unchecked Sendable {
        let server: OpaquePointer
        let target: UInt16
        let connections = Mutex<Set<Int32>>([])
        let isStopping = Atomic(false)

        init(server: OpaquePointer, target: UInt16) {
            self.server = server
            self.target = target
        }

        deinit { webhooks_tls_server_free(server) }
    }

    /// The most connections at once; more wait to be accepted.
    private static let mostConnections = 256
    /// The longest silence on a connection.
    private static let idleMilliseconds: Int32 = 60_000

    /// Starts to listen in front of a receiver of this machine.
    ///
    /// - Parameters:
    ///   - options: the address and port for TLS.
    ///   - receiver: the port of the receiver on 127.0.0.1.
    package init(_ options: ReceiverOptions, receiver: UInt16) throws(ReceiverError) {
        var pem = [CChar](repeating: 0, count: 8192)
        guard let server = webhooks_tls_server_make(options.host, &pem, pem.count) else {
            throw .system(call: "making a certificate", code: EIO)
        }
        let shared = Shared(server: server, target: receiver)
        let socket = try ListeningSocket(options)
        self.shared = shared
        certificate = String(decoding: pem.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        port = socket.port
        let descriptor = socket.descriptor
        state = Mutex(State(descriptor: descriptor, thread: nil))
        let thread = Self.start { Self.accept(on: descriptor, shared) }
        state.withLock { $0.thread = thread }
    }

    deinit { stop() }

    /// Closes the port and every connection.
    package func stop() {
        shared.isStopping.store(true, ordering: .releasing)
        let thread = state.withLock { $0.thread.take() }
        guard let thread else { return }
        pthread_join(thread, nil)
        state.withLock { state in
            close(state.descriptor)
            state.descriptor = -1
        }
        shared.connections.withLock { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    private static func accept(on descriptor: Int32, _ shared: Shared) {
        while !shared.isStopping.load(ordering: .acquiring) {
            var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // Looked at again soon: nothing else ends the wait.
            guard poll(&request, 1, 50) > 0 else { continue }
            guard shared.connections.withLock({ $0.count }) < mostConnections else {
                poll(nil, 0, 5)
                continue
            }
            let client = Glibc.accept(descriptor, nil, nil)
            guard client >= 0 else { continue }
            _ = fcntl(client, F_SETFD, FD_CLOEXEC)
            _ = shared.connections.withLock { $0.insert(client) }
            let thread = start { serve(client, shared) }
            if let thread { pthread_detach(thread) } else { serve(client, shared) }
        }
    }

    private static func serve(_ client: Int32, _ shared: Shared) {
        if let plain = LoopbackSocket.connect(to: shared.target) {
            webhooks_tls_server_relay(shared.server, client, plain, idleMilliseconds)
            close(plain)
        }
        // Within the lock: the number may be another's at once.
        shared.connections.withLock { connections in
            connections.remove(client)
            close(client)
        }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
        var thread = pthread_t()
        let work = Unmanaged.passRetained(Work(body))
        let code = pthread_create(
            &thread,
            nil,
            { argument in
                argument.map { Unmanaged<Work>.fromOpaque($0).takeRetainedValue().body() }
                return nil
            },
            work.toOpaque()
        )
        guard code == 0 else {
            work.release()
            return nil
        }
        return thread
    }
}
