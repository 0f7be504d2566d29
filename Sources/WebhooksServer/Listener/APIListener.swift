#if Server
    internal import HTTPTypes
    internal import Hummingbird
    internal import HummingbirdCore
    package import Logging
    internal import NIOCore
    internal import NIOPosix
    internal import ServiceLifecycle
    internal import Synchronization
    package import WebhookCore

    /// The API's own listener: HTTP/1.1 with bounds on everything, on threads of its own.
    package final class APIListener: Sendable {
        private let api: WebhooksAPI
        private let address: ListenAddress
        private let limits: ServerLimits
        private let logger: Logger
        private let group: MultiThreadedEventLoopGroup
        private let stopping: ServiceGroupBox
        private let isStopping = Atomic(false)

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
            group = MultiThreadedEventLoopGroup(numberOfThreads: limits.threads)
            stopping = ServiceGroupBox()
        }

        /// Listens until ``stop()``; returns once the last request has ended, or its time is over.
        ///
        /// - Parameter onListening: called with the port once it listens.
        package func run(onListening: @escaping @Sendable (UInt16) -> Void) async throws {
            var quiet = logger
            quiet.logLevel = max(logger.logLevel, .warning)
            let most = Self.connections(limits)
            let connections = Connections(limit: most, bytes: limits.answerBytes)
            let (limits, address) = (limits, address)
            let application = Application(
                responder: APIResponder(adapter: RequestAdapter(api, limits), connections: connections) { [weak self] in
                    self?.isStopping.load(ordering: .relaxed) ?? true
                },
                server: HTTPServerBuilder { responder in
                    APIChannel(responder: responder, limits: limits, connections: connections)
                },
                configuration: ApplicationConfiguration(
                    address: .hostname(address.host, port: Int(address.port)),
                    serverName: nil,
                    backlog: 1024,
                    reuseAddress: true,
                    availableConnectionsDelegate: MaximumAvailableConnections(most, logger: quiet)
                ),
                onServerRunning: { channel in
                    onListening(UInt16(channel.localAddress?.port ?? 0))
                },
                eventLoopGroupProvider: .shared(group),
                logger: quiet
            )
            var configuration = ServiceGroupConfiguration(
                services: [.init(service: application, successTerminationBehavior: .gracefullyShutdownGroup)],
                logger: quiet
            )
            configuration.maximumGracefulShutdownDuration = limits.stop
            let services = ServiceGroup(configuration: configuration)
            stopping.set(services)
            defer { group.shutdownGracefully { _ in } }
            do {
                try await services.run()
            } catch {
                if isStopping.load(ordering: .relaxed) { return }
                throw error
            }
        }

        /// The limit, or less where the process may not open as many descriptors: deliveries and the store need theirs.
        private static func connections(_ limits: ServerLimits) -> Int {
            guard let descriptors = FileDescriptors.limit else { return limits.connections }
            return min(limits.connections, max(16, descriptors / 5 * 2))
        }

        /// Takes no new connections, lets requests under way end, and ends.
        package func stop() {
            isStopping.store(true, ordering: .relaxed)
            api.stop()
            stopping.stop()
        }
    }

    /// The services of a listener once there are any; a stop that came before counts.
    private final class ServiceGroupBox: Sendable {
        private let state = Mutex<(group: ServiceGroup?, isStopped: Bool)>((nil, false))

        func set(_ group: ServiceGroup) {
            let isStopped = state.withLock { state in
                state.group = group
                return state.isStopped
            }
            if isStopped { Task { await group.triggerGracefulShutdown() } }
        }

        func stop() {
            let group = state.withLock { state in
                state.isStopped = true
                return state.group
            }
            if let group { Task { await group.triggerGracefulShutdown() } }
        }
    }
#endif
