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

    /// Reads a row's draft, as it is in force.
    ///
    /// - Throws: the reason why it can't be read, which quotes nothing of it.
    func draft(of row: StoredSubscription) throws(Unreadable) -> SubscriptionDraft {
        do {
            var draft = try read(row)
            if row.isDisabled { draft.isEnabled = false }
            return draft
        } catch let error as SealingError {
            throw Unreadable(reason: "its secrets can't be read: \(error)")
        } catch {
            throw Unreadable(reason: "its definition can't be read")
        }
    }

    private func read(_ row: StoredSubscription) throws -> SubscriptionDraft {
        try keys.get().map { try $0.draft(of: row, at: instant) } ?? row.unsealedDraft()
    }

    /// The reason why a row can't be read.
    struct Unreadable: Error {
        var reason: String
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
    /// One that is refused is left out, and the others are not concerned.
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
        do throws(StoredDrafts.Unreadable) {
            let draft = try reader.draft(of: row)
            let result = SubscriptionUpdate.judge(draft, .store, registry, rules, &checks)
            // Its warnings were told to whoever made it.
            diagnostics += result.diagnostics.filter { $0.severity == .error }
            if result.subscription == nil { refused.append(row.name) }
            guard registry.source(of: row.name) != .host else { return }
            given.append(GivenSubscription(draft: draft, subscription: result.subscription, stored: origin))
        } catch {
            origin.unread = row
            refused.append(row.name)
            let name = SubscriptionValidator.isName(row.name) ? "subscription \(row.name)" : "subscription"
            diagnostics.append(Diagnostic(.error, file: name, message: error.reason))
            guard registry.source(of: row.name) != .host else { return }
            let draft = SubscriptionDraft(name: row.name, url: "", topics: [])
            given.append(GivenSubscription(draft: draft, subscription: nil, stored: origin))
        }
    }
}
