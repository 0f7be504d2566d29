#if Server
    public import Hummingbird
    internal import HummingbirdCore
    public import Logging
    public import ServiceLifecycle
    internal import WebhookCore
    public import Webhooks

    /// The HTTP API in a host's own Hummingbird application.
    ///
    /// ```swift
    /// let server = try WebhookServer(dispatcher, tokens: [token])
    /// server.addRoutes(to: router)                                   // /api/v1/…
    /// let application = Application(router: router, services: [dispatcher, server])
    /// ```
    ///
    /// The host's application listens, with the host's limits and middleware; run the server as a service beside the
    /// dispatcher, for what has to be done now and then. The store is on SQLite, or on PostgreSQL, where several servers may
    /// share it. Endpoints can be made and read where the dispatcher has encryption keys for their secrets:
    /// ``/Webhooks/WebhookConfiguration/withEncryptionKeys(_:)``, or the file's `server.encryptionKey`, whose change a reload takes over.
    public final class WebhookServer: Service {
        private let api: WebhooksAPI
        private let adapter: RequestAdapter

        /// - Parameters:
        ///   - dispatcher: stores and delivers.
        ///   - tokens: of the whole organisation: at least one, each of at least 32 characters of visible ASCII.
        ///   - publicURL: what links to the API begin with; without a slash at its end.
        ///   - maxBody: the most bytes of a request's body; defaults to 2 MiB.
        ///   - logger: for what an operator should know; defaults to one labelled `webhooks`.
        /// - Throws: ``WebhooksError`` with `configuration` where a token can be guessed, or there is none.
        public init(
            _ dispatcher: WebhookDispatcher,
            tokens: [String],
            publicURL: String? = nil,
            maxBody: Int = 2 << 20,
            logger: Logger = Logger(label: "webhooks")
        ) throws(WebhooksError) {
            guard !tokens.isEmpty else { throw WebhooksError(.configuration, "the HTTP API needs a token") }
            for token in tokens {
                let isVisible = token.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
                guard isVisible, token.utf8.count >= ServerSettings.shortestToken else {
                    throw WebhooksError(.configuration, "a token must be at least 32 characters of visible ASCII")
                }
            }
            var settings = ServerSettings()
            settings.tokens = tokens.map { Secret($0) }
            settings.encryptionKeys = dispatcher.registry.settings.server.encryptionKeys
            settings.publicURL = publicURL
            settings.maxBody = maxBody
            api = WebhooksAPI(dispatcher, settings: settings, logger: logger)
            adapter = RequestAdapter(api, ServerLimits())
        }

        /// Adds every path under `/api/v1`. Unknown ones are answered in the API's own way.
        public func addRoutes<Context: RequestContext>(to router: some RouterMethods<Context>) {
            let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete]
            for method in methods {
                router.on("/api/v1/**", method: method) { [adapter] request, _ -> Response in
                    // The host's application may stand behind a proxy on this machine: nobody counts as local.
                    Response(await adapter.answer(APIRequest(request), body: request.body, from: Peer()))
                }
            }
        }

        /// Looks after what the API keeps, until it is shut down.
        public func run() async throws {
            await withTaskGroup(of: Void.self) { group in
                group.addTask { [api] in await api.keepUp() }
                try? await gracefulShutdown()
                api.stop()
                group.cancelAll()
            }
        }
    }
#endif
