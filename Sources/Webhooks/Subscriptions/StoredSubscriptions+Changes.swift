internal import Logging
public import WebhookCore
internal import WebhookRendering

/// Changes. Each is in force for the next event when it returns, in other processes' dispatchers too; deliveries that are open go
/// on by what there is then.
extension StoredSubscriptions {
    /// Keeps a subscription. Where its profile signs and it names no secret, it is given one: ``secret(of:)``.
    ///
    /// - Parameter draft: its name is the host's own for it, within its tenant.
    /// - Throws: ``WebhooksError`` with `configuration` where it is refused, with every problem by key as
    ///   ``WebhooksError/diagnostics``, its name among them where that is taken; or where there is no key to seal its secrets
    ///   with. With `store`, where it could not be stored. Then nothing has changed.
    @discardableResult
    public func create(_ draft: SubscriptionDraft) async throws(WebhooksError) -> Entry {
        let now = Timestamp.now
        var stored = StoredDraft(id: Self.ids.next(StoredSubscription.prefix, at: now), tenant: draft.tenant, at: now)
        stored.hosts = draft
        let warnings = try await judge(&stored)
        let row = try sealed(stored, at: now)
        guard case .done = try await apply([.insert(row)]) else { throw Self.nameIsTaken(draft.name) }
        return Entry(row, warnings: warnings)
    }

    /// Puts a draft in the place of a subscription. Signing secrets stay where the draft names none; credentials, secret headers
    /// and a client's key are those of the draft: ``update(_:_:)`` changes a part and keeps the rest.
    ///
    /// - Throws: ``WebhooksError`` as ``create(_:)``; with `notFound` where there is no such subscription. Then nothing has changed.
    @discardableResult
    public func replace(_ id: String, with draft: SubscriptionDraft) async throws(WebhooksError) -> Entry {
        try await change(id) { stored throws(WebhooksError) in stored.hosts = draft }
    }

    /// Changes a subscription, its secrets at hand.
    ///
    /// - Parameters:
    ///   - id: the subscription's id.
    ///   - change: makes the change; called again where somebody else was faster.
    /// - Throws: ``WebhooksError`` as ``replace(_:with:)``; with `refused` where it is being changed all the time.
    @discardableResult
    public func update(
        _ id: String,
        _ change: (inout SubscriptionDraft) -> Void
    ) async throws(WebhooksError) -> Entry {
        try await self.change(id) { stored throws(WebhooksError) in
            var draft = stored.hosts
            change(&draft)
            stored.hosts = draft
        }
    }

    /// Gives a subscription another signing secret. The ones before sign beside it for a while, so that its receiver can change over.
    ///
    /// - Parameters:
    ///   - id: the subscription's id.
    ///   - secret: defaults to a new one.
    ///   - grace: how long those before go on signing, up to seven days; defaults to a day.
    /// - Returns: the secret.
    /// - Throws: ``WebhooksError`` as ``replace(_:with:)``; with `refused` where its profile doesn't sign, the grace is out of
    ///   bounds, or ten replaced secrets sign still.
    @discardableResult
    public func rotateSecret(
        of id: String,
        to secret: Secret? = nil,
        grace: Duration = .seconds(86_400)
    ) async throws(WebhooksError) -> Secret {
        guard (.zero...StoredDraft.longestGrace).contains(grace) else {
            throw WebhooksError(.refused, "a replaced secret goes on signing for at most seven days")
        }
        let secret = secret ?? StandardWebhooks.generateSecret(ed25519: false).secret
        try await change(id) { stored throws(WebhooksError) in
            guard let before = stored.draft.secrets?.first else {
                throw WebhooksError(.refused, "the subscription's profile doesn't sign: it has no secret")
            }
            if before == secret { return }
            let now = Timestamp.now
            guard stored.canRotate(at: now) else {
                let count = StoredDraft.mostRetiring
                throw WebhooksError(.refused, "\(count) replaced secrets sign still: wait for the end of one's grace")
            }
            stored.rotate(to: secret, graceEnd: now + grace)
        }
        return secret
    }

    /// Seals every secret in the store with the first of the encryption keys, so that the keys behind it can be taken away. May be
    /// interrupted, and works beside dispatchers that run.
    ///
    /// - Returns: the number of subscriptions with a secret that is sealed with another key still, for none of these opens it.
    /// - Throws: ``WebhooksError`` with `configuration` where there are no keys, with `store` where the store doesn't take it.
    @discardableResult
    public func reseal() async throws(WebhooksError) -> Int {
        let keys = dispatcher.registry.settings.server.encryptionKeys
        if keys.isEmpty {
            throw WebhooksError(.configuration, "\(SealingError.noKey)", remedy: SealingError.noKey.remedy)
        }
        return try await dispatcher.administration.reseal(with: keys).left
    }

    /// Deletes a subscription and its secrets. Its open deliveries are kept and not sent, until somebody cancels them.
    ///
    /// - Returns: `false` where there was none of this id.
    @discardableResult
    public func delete(_ id: String) async throws(WebhooksError) -> Bool {
        guard case .done = try await apply([.delete(id: id, at: .now)]) else { return false }
        return true
    }

    @discardableResult
    private func change(
        _ id: String,
        _ body: (inout StoredDraft) throws(WebhooksError) -> Void
    ) async throws(WebhooksError) -> Entry {
        for _ in 0..<Self.mostReadings {
            let now = Timestamp.now
            var stored = try opened(try await existing(id), at: now)
            try body(&stored)
            let warnings = try await judge(&stored)
            let row = try sealed(stored, at: now)
            switch try await apply([.update(row)]) {
            case .done, .answered: return Entry(row, warnings: warnings)
            case .outdated, .missing: continue
            case .taken, .full: throw Self.nameIsTaken(row.uid ?? row.id)
            }
        }
        throw WebhooksError(.refused, "the subscription is being changed by others: try again")
    }

    private static func nameIsTaken(_ name: String) -> WebhooksError {
        WebhooksError([
            problem(name, "the name is taken by another of the tenant's subscriptions that are kept in the store")
        ])
    }

    /// Makes changes, and puts them into force here; other dispatchers follow by themselves.
    ///
    /// - Parameter answer: the answer to the request that asked for them, to be kept with them.
    package func apply(
        _ changes: [StoredSubscriptionChange],
        answer: StoredAnswer? = nil
    ) async throws(WebhooksError) -> StoredSubscriptionResult {
        let store = try await dispatcher.subscriptionStore()
        let result: StoredSubscriptionResult
        do throws(StoreError) {
            result = try await store.apply(changes, answer: answer)
        } catch {
            throw WebhooksError(error)
        }
        if case .done = result { await followChange() }
        return result
    }

    /// Lets this process's dispatcher know at once of what was changed, here or by another process. Where that fails, the next event
    /// that is emitted makes it follow: the change is made.
    package func followChange() async {
        do throws(WebhooksError) {
            try await dispatcher.followStored()
        } catch {
            let text = "changed subscriptions are not read yet: \(error.message)"
            dispatcher.lines.line(.warning, "\(text)", kind: "not read yet")
        }
    }
}
