internal import Logging
internal import WebhookCore
internal import WebhooksSQLite

extension WebhookDispatcher {
    /// The time between two looks for subscriptions that are about to be disabled.
    static let failingInterval: Duration = .seconds(60)

    /// Stores the dispatcher's own events that a subscription asks for, for as long as the task lives.
    func keep(_ operations: OperationalEvents) async {
        await operations.run { [self] draft in
            let topic = draft.topic.rawValue
            let registry = registry
            let tenant = draft.subscription.flatMap { registry.subscription(named: $0)?.tenant }
            do {
                // What can't be stored is said by the log alone: a failing store must not be asked for more and more.
                let data = ByteString(draft.data)
                let event = try Event(topic: topic, data: data, id: draft.id, tenant: tenant)
                // Without a listener it would only fill the log.
                guard !registry.subscriptions(for: event).isEmpty else { return }
                _ = try await emit(event)
            } catch {
                logger.debug(
                    "an operational event was not stored",
                    metadata: ["topic": "\(topic)", "error": "\(error)"]
                )
            }
        }
    }

    /// Tells of subscriptions that are half-way to being disabled, for as long as the task lives.
    func watchFailing(of session: DeliverySession, _ operations: OperationalEvents) async {
        var told: Set<String> = []
        repeat {
            let health = (try? await session.store.health()) ?? []
            let registry = registry
            for row in health {
                guard let subscription = registry.subscription(named: row.subscription), subscription.isEnabled,
                    let draft = OperationalEvents.failing(
                        row,
                        disableAfter: subscription.policy.disableAfter,
                        at: .now
                    ),
                    let id = draft.id, told.insert(id).inserted
                else { continue }
                operations.add(draft)
            }
        } while (try? await Task.sleep(for: Self.failingInterval)) != nil
    }
}
