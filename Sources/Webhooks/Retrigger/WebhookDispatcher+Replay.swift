package import WebhookCore

/// Sending again for the HTTP API, whose requests may come twice.
extension WebhookDispatcher {
    /// Sends few deliveries again, and keeps the answer to the request in the same transaction.
    ///
    /// - Returns: `nil` where the request was answered before; then nothing is sent.
    package func retrigger(
        _ plan: RetriggerPlan,
        answer: StoredAnswer
    ) async throws(WebhooksError) -> [Delivery.ID]? {
        let store = try await replayStore()
        do throws(StoreError) {
            let result = try await store.insertRetriggers(plan.retriggers, answer: answer, at: .now)
            guard let result else { return nil }
            LogObserver.refused(result.refused, "not sent again", logger)
            see(to: Array(Set(result.made.map(\.event))))
            return result.made.map(\.id)
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Sends events to a subscription that wants them and that they have no delivery to.
    ///
    /// - Returns: the number of new deliveries.
    package func sendMissing(_ ids: [String], to name: String) async throws(WebhooksError) -> Int {
        let store = try await replayStore()
        let snapshot = state.withLock { $0.snapshot }
        guard let subscription = snapshot.registry.subscription(named: name) else { return 0 }
        var missing: [MissingDelivery] = []
        for id in ids {
            guard let event = try await log.event(id), subscription.wants(event) else { continue }
            let rendered = snapshot.renderer.render(event, for: [subscription])
            // What can't be rendered has no body to send.
            guard let body = try? rendered.renderedBodies[0].get() else { continue }
            missing.append(
                MissingDelivery(
                    event: id,
                    subscription: name,
                    mode: subscription.policy.mode,
                    rendering: Retrigger.Rendering(body: rendered.bodies[body.body], contentType: body.contentType)
                )
            )
        }
        if missing.isEmpty { return 0 }
        do throws(StoreError) {
            let result = try await store.insertMissing(missing, at: .now)
            LogObserver.refused(result.refused, "not sent", logger)
            see(to: Array(Set(result.made.map(\.event))))
            return result.made.count
        } catch {
            throw WebhooksError(error)
        }
    }

    private func replayStore() async throws(WebhooksError) -> any ReplayStore {
        let store = try await platformStore()
        guard let replay = store as? any ReplayStore else {
            throw WebhooksError(.refused, "this store can't send again for the HTTP API")
        }
        return replay
    }
}
