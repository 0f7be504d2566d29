#if Server
    internal import HummingbirdCore
    package import Logging
    internal import NIOCore
    internal import NIOPosix
    internal import Synchronization
    package import WebhookCore

    /// The API's own listener: HTTP/1.1 with bounds on everything, on threads of its own.
    package final class APIListener: Sendable {
        private let api: WebhooksAPI
        private let address: ListenAddress
        private let limits: ServerLimits
        private let logger: Logger
        private let isStopping = Atomic(false)
        /// Ends when the listener is to.
        private let stops: AsyncStream<Never>
        private let stopsNow: AsyncStream<Never>.Continuation

        /// - Parameters:
        ///   - address: where; port 0 for a free one.
        ///   - limits: what strangers may cost.
        package init(
            _ api: WebhooksAPI,
            on address: ListenAddress,
            limits: ServerLimits = ServerLimits(),
            logger: Logger
        ) {
            (self.api, self.address, self.limits, self.logger) = (api, address, limits, logger)
            (stops, stopsNow) = AsyncStream.makeStream()
        }

        /// Listens until ``stop()``; returns once the last request has ended, or its time is over.
        ///
        /// - Parameter onListening: called with the port once it listens.
        package func run(onListening: @escaping @Sendable (UInt16) -> Void) async throws {
            let group = MultiThreadedEventLoopGroup(numberOfThreads: limits.threads ?? max(2, System.coreCount))
            do {
                try await listen(on: group, onListening)
            } catch {
                try? await group.shutdownGracefully()
                throw error
            }
            try await group.shutdownGracefully()
        }

        /// Takes no new connections, lets requests under way end, and ends.
        package func stop() {
            isStopping.store(true, ordering: .relaxed)
            api.stop()
            stopsNow.finish()
        }

        /// Returns once nothing is left to be done on the threads: no connection is open, and none is waited for.
        private func listen(
            on threads: MultiThreadedEventLoopGroup,
            _ onListening: @Sendable (UInt16) -> Void
        ) async throws {
            let most = Self.connections(limits)
            let connections = Connections(limit: most, bytes: limits.answerBytes)
            let tasks = RequestTasks(on: threads.makeIterator())
            let channel = APIChannel(
                limits: limits,
                means: AnsweringMeans(adapter: RequestAdapter(api, limits), connections: connections, tasks: tasks) {
                    [weak self] in self?.isStopping.load(ordering: .relaxed) ?? true
                }
            )
            let server = try await bootstrap(on: threads, most)
                .childChannelInitializer { child in
                    child.eventLoop.makeCompletedFuture { try channel.setUp(child) }
                }
                .bind(host: address.host, port: Int(address.port)).get()
            onListening(UInt16(server.localAddress?.port ?? 0))
            for await _ in stops {}
            try? await server.close()
            // What was accepted before may still be on its way here.
            await Self.settle(threads)
            connections.quiesce()
            await withTaskGroup { group in
                group.addTask { await connections.emptied() }
                group.addTask { [limits] in try? await Task.sleep(for: limits.stop) }
                // All have ended, or their time is over.
                await group.next()
                group.cancelAll()
                tasks.cancel()
                connections.close()
                await group.waitForAll()
            }
            await tasks.wait()
            // A connection that has ended is counted by the one that has accepted it, on another thread.
            await Self.settle(threads)
        }

        private func bootstrap(on threads: MultiThreadedEventLoopGroup, _ most: Int) -> ServerBootstrap {
            var quiet = logger
            quiet.logLevel = max(logger.logLevel, .warning)
            let connections = MaximumAvailableConnections(most, logger: quiet)
            return ServerBootstrap(group: threads)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .serverChannelInitializer { server in
                    server.eventLoop.makeCompletedFuture {
                        let handler = AvailableConnectionsChannelHandler(delegate: connections)
                        try server.pipeline.syncOperations.addHandler(handler)
                    }
                }
        }

        /// Waits until each thread has done what it was given, and what that has given to another.
        private static func settle(_ threads: MultiThreadedEventLoopGroup) async {
            for _ in 0..<2 {
                for loop in threads.makeIterator() { try? await loop.submit {}.get() }
            }
        }

        /// The limit, or less where the process may not open as many descriptors: deliveries and the store need theirs.
        private static func connections(_ limits: ServerLimits) -> Int {
            guard let descriptors = FileDescriptors.limit else { return limits.connections }
            return min(limits.connections, max(16, descriptors / 5 * 3))
        }
    }
#endif
