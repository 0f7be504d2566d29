internal import WebhookCore
internal import Webhooks

/// The part of the log that a request is about: all of it, or an application's.
struct LogShare: Sendable {
    /// `nil`: all of it.
    let application: Application?
    private let context: APIContext
    /// Tells whether more than the tenant has to be looked at.
    private let isSifted: Bool

    /// The application that the query names as `app`. A token for an application is for that one, also where it names none.
    init(_ context: APIContext) async throws(APIError) {
        self.context = context
        let reference = context.query.text("app")
        if case .application(let token) = context.caller {
            let own = try await context.read { store throws(StoreError) in
                try await store.application(token.application)
            }
            guard let own, reference.map({ $0 == own.id || $0 == own.uid }) ?? true else { throw .noApplication }
            (application, isSifted) = (own, true)
        } else if let reference {
            let named = try await context.read { store throws(StoreError) in try await store.application(reference) }
            guard let named else { throw .noApplication }
            // Who had the tenant before is another.
            (application, isSifted) = (named, named.eventsSince != nil)
        } else {
            (application, isSifted) = (nil, false)
        }
    }

    /// The name of the subscription that the query names: by the id of an endpoint, by its uid where the request is about an
    /// application, or by the name that it has in the configuration; `nil`: it names none.
    var subscription: String? {
        get async throws(APIError) {
            guard let reference = context.query.text("subscription") else { return nil }
            if let application, let known = try await context.endpointIfKnown(reference, in: application) {
                return known.name
            }
            if let row = try await context.subscriptions({ store throws(StoreError) in
                try await store.storedSubscriptions(ids: [reference])
            }).first {
                // Deleted ones have a history, too.
                if let application, row.tenant != application.tenant { throw .noEndpoint }
                return row.name
            }
            let registry = context.api.dispatcher.registry
            let configured = context.api.directory.subscription(of: reference, in: registry)
            if let subscription = configured ?? registry.subscription(named: reference) {
                let isVisible = application.map { subscription.isVisible(in: $0, to: context.caller) } ?? true
                guard isVisible else { throw .noEndpoint }
                return subscription.name
            }
            if case .organisation = context.caller, try await context.hasDeliveries(of: reference) { return reference }
            throw .noEndpoint
        }
    }

    /// `true` once the token of the request is not taken any more.
    var isOver: Bool {
        get async throws(APIError) { try await !context.api.isStillTaken(context.caller) }
    }

    /// The items whose deliveries are the application's, as lists of its attempts show them.
    func own<Item>(_ items: [Item], _ delivery: (Item) -> Delivery) async throws(APIError) -> [Item] {
        guard isSifted, let application else { return items }
        var isMessage: [String: Bool] = [:]
        var own: [Item] = []
        for item in items {
            let delivery = delivery(item)
            guard delivery.tenant == application.tenant, context.isVisible(delivery.subscription, in: application)
            else { continue }
            let id = delivery.event
            if isMessage[id] == nil {
                let message = try await context.read { store throws(StoreError) in
                    try await store.message(id, of: application)
                }
                isMessage[id] = message?.id == id
            }
            if isMessage[id] == true { own.append(item) }
        }
        return own
    }
}
