internal import WebhookCore
internal import WebhookRegistry
internal import WebhookRendering

/// Reads the drafts of subscriptions that are kept in the store, with the keys of a configuration.
struct StoredDrafts {
    private let keys: Result<SealingKeys?, SealingError>
    private let instant: Timestamp

    init(_ settings: DispatcherSettings, at instant: Timestamp = .now) {
        self.instant = instant
        let configured = settings.server.encryptionKeys
        keys = Result { () throws(SealingError) in configured.isEmpty ? nil : try SealingKeys(configured) }
    }

    /// Reads a row's draft, as it is in force. One that is disabled is so by its health, as one of the file may be.
    ///
    /// Who gets which event, and with what body, needs no secret: where the secrets can't be opened, the draft is there without
    /// them, and nothing can be sent for now.
    /// - Returns: the draft; and the reason why its secrets can't be read, which quotes nothing of them.
    /// - Throws: where the definition can't be read.
    func draft(of row: StoredSubscription) throws -> (draft: SubscriptionDraft, sealed: SealingError?) {
        do {
            return (try read(row), nil)
        } catch let error as SealingError {
            return (try row.unopenedDraft(), error)
        }
    }

    /// The place of a subscription's problems, which quotes no name that may be anything.
    static func place(_ name: String) -> String {
        SubscriptionValidator.isName(name) ? "subscription \(name)" : "subscription"
    }

    /// The reason why a subscription is held whose secrets can't be opened.
    static func obstacle(_ name: String, _ error: SealingError, for audience: Audience) -> Diagnostic {
        let message = error.remedy.text(after: "its secrets can't be read: \(error)", for: audience)
        return Diagnostic(.error, file: place(name), message: message)
    }

    private func read(_ row: StoredSubscription) throws -> SubscriptionDraft {
        try keys.get().map { try $0.draft(of: row, at: instant) } ?? row.unsealedDraft()
    }
}

/// The names under which the store's subscriptions are in the registry.
struct StoredNames {
    /// By their rows' ids.
    private var byID: [String: String] = [:]
    /// Rows whose names a host's subscriptions have.
    fileprivate var nameless: [String: StoredSubscription] = [:]

    /// Notes a row's name.
    ///
    /// - Returns: the name that it had before.
    fileprivate mutating func set(_ name: String?, of id: String) -> String? {
        nameless[id] = nil
        let before = byID[id]
        byID[id] = name
        return before
    }
}

extension SubscriptionChange {
    /// Judges rows of the store that have changed by what is in force.
    ///
    /// One that can't be sent to for now is held; one that is refused is left out. The others are not concerned.
    /// - Parameters:
    ///   - rows: by the numbers of their changes, deleted ones among them.
    ///   - names: those of the rows before, and then after.
    ///   - checks: what was found in templates before; learns of what is usable.
    init(
        _ rows: [StoredSubscription],
        _ names: inout StoredNames,
        _ registry: Registry,
        _ rules: DraftRules,
        _ checks: inout TemplateChecks
    ) {
        self.init()
        let reader = StoredDrafts(registry.settings)
        var gone: Set<String> = []
        for row in rows {
            let isHosts = registry.source(of: row.name) == .host
            let isNamed = row.deletedAt == nil && !isHosts
            if let before = names.set(isNamed ? row.name : nil, of: row.id) { gone.insert(before) }
            guard row.deletedAt == nil else { continue }
            if isHosts { names.nameless[row.id] = row }
            add(row, reader, registry, rules, &checks)
        }
        // A name may be another row's by now.
        removed = gone.subtracting(given.map(\.draft.name)).sorted()
        needCanonical(registry, rules)
    }

    /// Judges rows again whose names were taken.
    mutating func retry(
        _ names: inout StoredNames,
        _ registry: Registry,
        _ rules: DraftRules,
        _ checks: inout TemplateChecks
    ) {
        let taken = Set(given.filter { $0.stored == nil }.map(\.draft.name))
        let reader = StoredDrafts(registry.settings)
        for row in names.nameless.values.sorted(by: { $0.version < $1.version }) where !taken.contains(row.name) {
            _ = names.set(row.name, of: row.id)
            add(row, reader, registry, rules, &checks)
        }
        needCanonical(registry, rules)
    }

    /// Judges a row. What is refused has its name all the same, but for one that a host's subscription has.
    mutating func add(
        _ row: StoredSubscription,
        _ reader: StoredDrafts,
        _ registry: Registry,
        _ rules: DraftRules,
        _ checks: inout TemplateChecks
    ) {
        var origin = StoredOrigin(row)
        let file = StoredDrafts.place(row.name)
        var draft = SubscriptionDraft(name: row.name, url: "", topics: [])
        var subscription: Subscription?
        do {
            let read = try reader.draft(of: row)
            draft = read.draft
            let obstacle = read.sealed.map { StoredDrafts.obstacle(row.name, $0, for: rules.audience) }
            if obstacle != nil { origin.unread = row }
            let result = SubscriptionUpdate.judge(
                draft,
                .store,
                .storedBefore,
                holdsBroken: true,
                obstacle: obstacle,
                registry,
                rules,
                &checks
            )
            // Its warnings were told to whoever made it.
            diagnostics += result.diagnostics.filter { $0.severity == .error }
            subscription = result.subscription
        } catch {
            origin.unread = row
            diagnostics.append(Diagnostic(.error, file: file, message: "its definition can't be read"))
        }
        if subscription == nil { refused.append(row.name) }
        guard registry.source(of: row.name) != .host else { return }
        given.append(GivenSubscription(draft: draft, subscription: subscription, stored: origin))
    }
}
