#if PostgreSQL
    import Glibc
    import Synchronization
    import Testing
    import WebhookCore

    @testable import WebhooksPostgres

    /// A socket in front of the server's that cuts a connection at a COMMIT.
    ///
    /// Reads what the client sends message by message (PostgreSQL's protocol, version 3), so that the cut is where it is meant,
    /// whatever the timing.
    final class CuttingProxy: Sendable {
        enum Cut: Sendable {
            /// The server never sees the COMMIT.
            case beforeServer
            /// The server commits, and its answer is lost.
            case beforeClient
        }

        /// The folder in which the proxy's socket is.
        let folder: String
        private let server: String
        private let listener: Int32
        private let cut = Mutex<Cut?>(nil)
        private let cuts = Mutex(0)

        /// The number of connections that were cut.
        var count: Int { cuts.withLock { $0 } }

        /// - Parameter server: the folder of the server's socket.
        init(server: String) throws {
            self.server = server + "/.s.PGSQL.5432"
            var template = Array("/tmp/webhooks-proxy.XXXXXX".utf8CString)
            folder = String(cString: try #require(mkdtemp(&template)))
            listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            let path = folder + "/.s.PGSQL.5432"
            let bound = Self.withAddress(path) { [listener] in bind(listener, $0, $1) }
            try #require(bound == 0 && listen(listener, 16) == 0)
            start { [self] in accept() }
        }

        func close() {
            shutdown(listener, Int32(SHUT_RDWR))
            Glibc.close(listener)
            unlink(folder + "/.s.PGSQL.5432")
            rmdir(folder)
        }

        /// Cuts at the next COMMIT, once.
        func cutNext(_ cut: Cut) { self.cut.withLock { $0 = cut } }

        private func start(_ body: @escaping @Sendable () -> Void) {
            final class Box: Sendable {
                let body: @Sendable () -> Void
                init(_ body: @escaping @Sendable () -> Void) { self.body = body }
            }
            var thread = pthread_t()
            pthread_create(
                &thread,
                nil,
                { context in
                    if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
                    return nil
                },
                Unmanaged.passRetained(Box(body)).toOpaque()
            )
            pthread_detach(thread)
        }

        private static func withAddress<Value>(
            _ path: String,
            _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value
        ) -> Value {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }

        private func accept() {
            while true {
                let client = Glibc.accept(listener, nil, nil)
                guard client >= 0 else { return }
                let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
                guard Self.withAddress(server, { connect(upstream, $0, $1) }) == 0 else {
                    Glibc.close(client)
                    Glibc.close(upstream)
                    continue
                }
                let connection = Connection(client: client, server: upstream)
                start { connection.answer() }
                start { [self] in forward(connection) }
            }
        }

        private func takeCut() -> Cut? {
            cut.withLock { cut in
                defer { cut = nil }
                return cut
            }
        }

        /// Passes the client's messages on.
        private func forward(_ connection: Connection) {
            var commits: Set<String> = []
            var isStartup = true
            while let message = connection.message(isStartup: isStartup) {
                let type = isStartup ? 0 : message[0]
                isStartup = false
                let texts = message.dropFirst(5).split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false)
                    .map { String(decoding: $0, as: UTF8.self) }
                // Parse: a name and its statement. Bind: a portal and the name.
                if type == UInt8(ascii: "P"), texts.count > 1, texts[1] == "COMMIT" { commits.insert(texts[0]) }
                let isCommit = type == UInt8(ascii: "B") && texts.count > 1 && commits.contains(texts[1])
                let cut = isCommit ? takeCut() : nil
                if let cut {
                    cuts.withLock { $0 += 1 }
                    connection.mute()
                    if cut == .beforeServer { break }
                }
                guard connection.send(message) else { break }
            }
            connection.end()
        }

        private final class Connection: Sendable {
            let client: Int32
            let server: Int32
            private let isMuted = Atomic(false)

            init(client: Int32, server: Int32) { (self.client, self.server) = (client, server) }

            deinit {
                Glibc.close(client)
                Glibc.close(server)
            }

            /// A message as the client sends it; `nil`: it sends no more.
            func message(isStartup: Bool) -> [UInt8]? {
                guard let head = read(isStartup ? 4 : 5) else { return nil }
                let length = head.suffix(4).reduce(0) { $0 << 8 | Int($1) }
                guard let rest = read(length - 4) else { return nil }
                return head + rest
            }

            private func read(_ count: Int) -> [UInt8]? {
                var bytes = [UInt8](repeating: 0, count: count)
                var done = 0
                while done < count {
                    let found = bytes.withUnsafeMutableBytes { recv(client, $0.baseAddress! + done, count - done, 0) }
                    guard found > 0 else { return nil }
                    done += found
                }
                return bytes
            }

            func send(_ bytes: [UInt8]) -> Bool { write(bytes[...], to: server) }

            private func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
                var rest = bytes
                while !rest.isEmpty {
                    let sent = rest.withUnsafeBytes {
                        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard sent > 0 else { return false }
                    rest = rest.dropFirst(sent)
                }
                return true
            }

            /// Passes the server's answers on, until the client is to get no more: then the first that it would get ends both.
            func answer() {
                var bytes = [UInt8](repeating: 0, count: 65_536)
                while true {
                    let found = recv(server, &bytes, bytes.count, 0)
                    guard found > 0, !isMuted.load(ordering: .sequentiallyConsistent) else { break }
                    guard write(bytes[..<found], to: client) else { break }
                }
                end()
            }

            func mute() { isMuted.store(true, ordering: .sequentiallyConsistent) }

            func end() {
                shutdown(client, Int32(SHUT_RDWR))
                shutdown(server, Int32(SHUT_RDWR))
            }
        }
    }
#endif
