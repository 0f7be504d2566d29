import GRDB
import Hummingbird
import Logging
import ServiceLifecycle
import WebhooksGRDB

/// The backend: one database, one dispatcher in it, one HTTP server.
public struct Backend: Sendable {
    let database: DatabasePool
    let webhooks: WebhookDispatcher
    let school: School
    private let logger: Logger

    /// - Parameters:
    ///   - path: the database's file.
    ///   - patience: how long a payment may take.
    ///   - egress: what may be reached although it is private; nothing, in production.
    public init(path: String, patience: Duration = .seconds(3600), egress: EgressPolicy = EgressPolicy()) async throws {
        logger = Logger(label: "lms")
        database = try DatabasePool(path: path)
        try Tables.migrator.migrate(database)
        var settings = DispatcherSettings()
        settings.egress = egress
        // The targets that there are count from the first event on; later ones are put into force by their route.
        let drafts = try await database.read { db in try WebhookTarget.drafts(db) }
        webhooks = try await WebhookDispatcher(
            database: database,
            configuration: .values(drafts, settings: settings),
            logger: logger
        )
        school = School(database: database, webhooks: webhooks, patience: patience)
    }

    /// Serves and delivers until SIGTERM: requests end, then what is being delivered is recorded.
    ///
    /// - Parameter onStart: told the port.
    public func run(port: Int, onStart: @escaping @Sendable (Int) -> Void = { _ in }) async throws {
        let server = Application(
            router: router(),
            configuration: .init(address: .hostname("127.0.0.1", port: port)),
            onServerRunning: { channel in onStart(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        let services: [any Service] = [webhooks, server]
        try await ServiceGroup(services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger).run()
    }
}
