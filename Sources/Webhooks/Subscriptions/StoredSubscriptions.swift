internal import Logging
public import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering

/// The subscriptions that are kept in the store, beside those of the configuration: made and changed at run time, there after a
/// restart, and in force for the next event in every dispatcher on the store.
///
/// ```swift
/// let made = try await dispatcher.storedSubscriptions.create(draft)
/// let secret = try await dispatcher.storedSubscriptions.secret(of: made.id)     // for whoever receives
/// ```
///
/// They are judged by the rules for the file. Their secrets are sealed with the keys of
/// ``WebhookConfiguration/withEncryptionKeys(_:)`` or of the file's `server.encryptionKey`. The HTTP API's endpoints are the same
/// subscriptions.
///
/// Each has an id, under which deliveries, statistics and notices name it, and the host's own name for it,
/// ``SubscriptionDraft/name``, which no other one of its tenant has: the HTTP API's `uid`.
public struct StoredSubscriptions: Sendable {
    /// A subscription as the store has it.
    public struct Entry: Sendable, Hashable, Identifiable {
        /// `ep_…`: what it is called wherever a subscription is named. Never given again.
        public let id: String
        /// Without anything that is secret. Its name is the host's, or the id where it has none.
        public var draft: SubscriptionDraft
        /// The time at which it was made.
        public var createdAt: Timestamp
        /// The time of its last change.
        public var updatedAt: Timestamp
        /// The warnings of the rules, where it has just been made or changed.
        public var warnings: [Diagnostic]

        init(_ row: StoredSubscription, warnings: [Diagnostic] = []) {
            id = row.id
            (createdAt, updatedAt) = (row.createdAt, row.updatedAt)
            self.warnings = warnings
            draft = row.plainDraft
            (draft.name, draft.tenant, draft.channels) = (row.uid ?? row.id, row.tenant, row.channels)
            draft.isEnabled = row.isDisabled ? false : nil
        }
    }

    let dispatcher: WebhookDispatcher

    /// The most of one page.
    public static let mostListed = 1_000
    /// The number of times that one is read again that somebody else has changed.
    static let mostReadings = 10
    static let ids = PlatformIDs()
}

extension WebhookDispatcher {
    /// The subscriptions that are kept in this dispatcher's store.
    public var storedSubscriptions: StoredSubscriptions { StoredSubscriptions(dispatcher: self) }
}

extension StoredSubscriptions {
    /// Makes an encryption key: 32 random bytes in base64. Without it nobody reads what it has sealed.
    public static func generateKey() -> Secret { SealingKeys.generateKey() }
}

/// Looking.
extension StoredSubscriptions {
    /// A page of subscriptions, in the order in which they were made.
    ///
    /// - Parameters:
    ///   - tenant: only this one's; defaults to all.
    ///   - id: the last one of the page before; defaults to none.
    ///   - limit: the most of them, up to ``mostListed``; defaults to 100.
    public func list(
        ofTenant tenant: String? = nil,
        after id: String? = nil,
        limit: Int = 100
    ) async throws(WebhooksError) -> [Entry] {
        let page = PageWalk(from: id, limit: min(max(limit, 1), Self.mostListed))
        let rows = try await read { store throws(StoreError) in
            try await store.storedSubscriptions(ofTenant: tenant, page)
        }
        return (rows ?? []).map { Entry($0) }
    }

    /// The subscription of an id; `nil`: there is none.
    public func get(_ id: String) async throws(WebhooksError) -> Entry? { try await row(id).map { Entry($0) } }

    /// The subscription that the host has given a name; `nil`: there is none.
    ///
    /// - Parameters:
    ///   - name: the host's own name.
    ///   - tenant: its tenant; `nil` where it has none.
    public func get(named name: String, ofTenant tenant: String?) async throws(WebhooksError) -> Entry? {
        let row = try await read { store throws(StoreError) in
            try await store.storedSubscription(uid: name, ofTenant: tenant ?? "")
        }
        return (row ?? nil).map { Entry($0) }
    }

    /// The secret that a subscription's requests are signed with; `nil`: its profile doesn't sign.
    ///
    /// - Throws: ``WebhooksError`` with `notFound`, or with `configuration` where it can't be opened with the encryption keys.
    public func secret(of id: String) async throws(WebhooksError) -> Secret? {
        try await opened(existing(id), at: .now).draft.secrets?.first
    }

    /// Judges a draft as ``create(_:)`` would, and changes nothing: for a form.
    ///
    /// - Returns: every problem by key; none of them an error: it would be taken, unless its name is taken.
    public func check(_ draft: SubscriptionDraft) async -> [Diagnostic] {
        var stored = StoredDraft(id: Self.ids.next(StoredSubscription.prefix, at: .now), tenant: nil, at: .now)
        stored.hosts = draft
        return await problems(&stored, named: draft.name)
    }

    /// - Returns: `nil` where there is no store yet.
    private func read<Value: Sendable>(
        _ body: (any SubscriptionStore) async throws(StoreError) -> Value
    ) async throws(WebhooksError) -> Value? {
        do throws(StoreError) {
            let store = try await dispatcher.stores.reader()
            guard let store = store as? any SubscriptionStore else {
                throw StoreError(.refused, "\(store.name) keeps no subscriptions")
            }
            return try await body(store)
        } catch {
            if error.code == .missing { return nil }
            throw WebhooksError(error)
        }
    }

    private func row(_ id: String) async throws(WebhooksError) -> StoredSubscription? {
        try await read { store throws(StoreError) in try await store.storedSubscription(id) } ?? nil
    }

    func existing(_ id: String) async throws(WebhooksError) -> StoredSubscription {
        guard let row = try await row(id) else {
            throw WebhooksError(
                .notFound,
                "the store keeps no subscription of this id",
                remedy: .listStored
            )
        }
        return row
    }
}

/// Judging and sealing.
extension StoredSubscriptions {
    /// The keys in force; `nil`: there are none.
    func keys() throws(WebhooksError) -> SealingKeys? {
        let keys = dispatcher.registry.settings.server.encryptionKeys
        if keys.isEmpty { return nil }
        do throws(SealingError) {
            return try SealingKeys(keys)
        } catch {
            throw WebhooksError(.configuration, "\(error)", remedy: error.remedy)
        }
    }

    func opened(_ row: StoredSubscription, at instant: Timestamp) throws(WebhooksError) -> StoredDraft {
        let keys = try keys()
        do {
            return try StoredDraft(row, keys, at: instant)
        } catch let error as SealingError {
            throw WebhooksError(
                .configuration,
                "the secrets of \(row.id) can't be read: \(error)",
                remedy: error.remedy
            )
        } catch {
            throw WebhooksError(.refused, "the definition of \(row.id) can't be read")
        }
    }

    func sealed(_ stored: StoredDraft, at instant: Timestamp) throws(WebhooksError) -> StoredSubscription {
        let keys = try keys()
        do throws(SealingError) {
            return try stored.sealed(keys, at: instant)
        } catch {
            throw WebhooksError(.configuration, "the secrets can't be sealed: \(error)", remedy: error.remedy)
        }
    }

    /// - Returns: warnings.
    /// - Throws: ``WebhooksError`` with `configuration` and every problem where one is an error.
    func judge(_ stored: inout StoredDraft) async throws(WebhooksError) -> [Diagnostic] {
        let problems = await problems(&stored, named: stored.row.uid ?? stored.row.id)
        let errors = problems.filter(\.isError)
        if !errors.isEmpty { throw WebhooksError(errors) }
        return problems
    }

    /// - Parameter name: the host's, which the problems are told under.
    private func problems(_ stored: inout StoredDraft, named name: String) async -> [Diagnostic] {
        var problems: [Diagnostic] = []
        let isOwn = name == stored.row.id
        if !SubscriptionValidator.isName(name) {
            let message = "`name` must be 1 to 64 letters, digits, '.', '_' and '-'"
            problems.append(Diagnostic(.error, file: "subscription", key: "name", message: message))
        } else if !isOwn, SubscriptionValidator.isReserved(name) {
            problems.append(Self.problem(name, SubscriptionValidator.reservedName))
        }
        let file = SubscriptionValidator.isName(name) ? "subscription \(name)" : "subscription"
        return problems
            + (await dispatcher.judge(&stored)).map { problem in
                var problem = problem
                problem.file = file
                return problem
            }
    }

    static func problem(_ name: String, _ message: String) -> Diagnostic {
        Diagnostic(.error, file: "subscription \(name)", key: "name", message: message)
    }
}
