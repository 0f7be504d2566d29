public import Logging
internal import SQLiteStore
public import WebhookCore
internal import WebhookRegistry

/// A store's events, deliveries and attempts: to read, to cancel, to prune, and to append to.
///
/// It needs the store alone: no subscription, no secret, no template. ``WebhookDispatcher/log`` is the one of a
/// dispatcher's store.
///
/// ```swift
/// let log = try WebhookLog("sqlite:var/webhooks.sqlite")
/// let failed = try await log.deliveries(DeliveryQuery(states: [.failed]))
/// ```
public struct WebhookLog: Sendable {
    let stores: StoreHolder
    let logger: Logger

    /// - Parameters:
    ///   - store: where it is; opened when it is first needed.
    ///   - logger: for what is changed by hand; defaults to one labelled `webhooks`.
    public init(store: StoreLocation, logger: Logger = Logger(label: "webhooks")) {
        self.init(location: store, logger: logger)
    }

    /// - Parameters:
    ///   - store: as in the configuration, such as `sqlite:var/webhooks.sqlite`; a relative path starts from the working
    ///     folder.
    ///   - logger: for what is changed by hand; defaults to one labelled `webhooks`.
    /// - Throws: ``WebhooksError`` with `configuration` where the text names no store.
    public init(_ store: String, logger: Logger = Logger(label: "webhooks")) throws(WebhooksError) {
        guard let location = StoreLocationParser.parse(store) else {
            throw WebhooksError(.configuration, "the store \(StoreLocationParser.grammar)")
        }
        self.init(location: location, logger: logger)
    }

    /// - Parameter location: `nil` where none is configured; every use then says so.
    package init(location: StoreLocation?, logger: Logger) {
        stores = StoreHolder(location: location) { logger.notice("made a new store", metadata: ["store": "\($0)"]) }
        self.logger = logger
    }

    /// Who is told the path of a store that is made, instead of the logger.
    package func onNewStore(_ tell: @escaping @Sendable (String) -> Void) { stores.onNew(tell) }

    init(stores: StoreHolder, logger: Logger) {
        self.logger = logger
        self.stores = stores
    }

    func read<R: Sendable>(
        _ body: (any EventLog) async throws(StoreError) -> R
    ) async throws(WebhooksError) -> R {
        do throws(StoreError) {
            return try await body(stores.reader())
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Changes what is there; an error where there is no store.
    func write<R: Sendable>(
        _ body: (any EventLog) async throws(StoreError) -> R
    ) async throws(WebhooksError) -> R {
        do throws(StoreError) {
            return try await body(stores.existingWriter())
        } catch {
            throw WebhooksError(error)
        }
    }
}
