package import WebhookCore

/// Sending again for the HTTP API, whose requests may come twice.
extension WebhookDispatcher {
    /// Sends few deliveries again, and keeps the answer to the request in the same transaction.
    ///
    /// - Returns: the number of new deliveries; `nil` where the request was answered before: then nothing is sent.
    package func retrigger(
        _ plan: RetriggerPlan,
        answer: StoredAnswer
    ) async throws(WebhooksError) -> Int? {
        let store = try await replayStore()
        do throws(StoreError) {
            let result = try await store.insertRetriggers(plan.retriggers, answer: answer, at: .now)
            return result.map { seeTo($0, "not sent again") }
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Sends deliveries again as a step of a task.
    ///
    /// - Returns: the number of new deliveries; `nil` where the claim doesn't hold any more: then nothing is sent.
    package func retrigger(_ plan: RetriggerPlan, for claim: TaskClaim) async throws(WebhooksError) -> Int? {
        let store = try await replayStore()
        do throws(StoreError) {
            let result = try await store.insertRetriggers(plan.retriggers, for: claim, at: .now)
            return result.map { seeTo($0, "not sent again") }
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Sends events to a subscription that wants them and that they have no delivery to, as a step of a task.
    ///
    /// - Returns: the number of new deliveries; `nil` where the claim doesn't hold any more: then nothing is sent.
    package func sendMissing(
        _ ids: [String],
        to name: String,
        for claim: TaskClaim
    ) async throws(WebhooksError) -> Int? {
        let store = try await replayStore()
        // What can't be rendered has no body to send.
        let missing = try await missingDeliveries(ids, to: name) { _ in }
        if missing.isEmpty { return 0 }
        do throws(StoreError) {
            let result = try await store.insertMissing(missing, for: claim, at: .now)
            return result.map { seeTo($0, "not sent") }
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Sees to deliveries that were made, and tells of those that were refused; the number of the former.
    private func seeTo(_ result: RetriggerResult, _ refusal: String) -> Int {
        LogObserver.refused(result.refused, refusal, lines)
        see(to: Array(Set(result.made.map(\.event))))
        return result.made.count
    }

    /// Sends events to a subscription that wants them and that they have no delivery to.
    ///
    /// - Parameter refused: told of each event that can't be rendered, or that the store won't send.
    func sendMissing(
        _ ids: [String],
        to name: String,
        refused: (RefusedItem) -> Void
    ) async throws(WebhooksError) -> [Delivery.ID] {
        let missing = try await missingDeliveries(ids, to: name, refused)
        if missing.isEmpty { return [] }
        do throws(StoreError) {
            guard let store = try await stores.existingWriter() as? any ReplayStore else { return [] }
            let result = try await store.insertMissing(missing, at: .now)
            for item in result.refused { refused(item) }
            see(to: Array(Set(result.made.map(\.event))))
            return result.made.map(\.id)
        } catch {
            throw WebhooksError(error)
        }
    }

    /// Renders events for a subscription, those left out that it doesn't want.
    private func missingDeliveries(
        _ ids: [String],
        to name: String,
        _ refused: (RefusedItem) -> Void
    ) async throws(WebhooksError) -> [MissingDelivery] {
        let snapshot = state.withLock { $0.snapshot }
        guard let subscription = snapshot.registry.subscription(named: name) else { return [] }
        var missing: [MissingDelivery] = []
        for id in ids {
            guard let event = try await log.event(id), subscription.wants(event) else { continue }
            if let objection = subscription.objection(toID: id) {
                refused(RefusedItem(id: id, reason: objection))
                continue
            }
            let rendered = snapshot.renderer.render(event, for: [subscription])
            switch rendered.renderedBodies[0] {
            case .success(let body):
                missing.append(
                    MissingDelivery(
                        event: id,
                        subscription: name,
                        mode: subscription.policy.mode,
                        rendering: Retrigger.Rendering(body: rendered.bodies[body.body], contentType: body.contentType)
                    )
                )
            case .failure(let error):
                refused(RefusedItem(id: id, reason: "its body can't be rendered: \(error)"))
            }
        }
        return missing
    }

    private func replayStore() async throws(WebhooksError) -> any ReplayStore {
        let store = try await platformStore()
        guard let replay = store as? any ReplayStore else {
            throw WebhooksError(.refused, "this store can't send again for the HTTP API")
        }
        return replay
    }
}
