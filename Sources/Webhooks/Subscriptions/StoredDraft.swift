package import WebhookCore
package import WebhookRendering

/// A subscription of the store on its way to its row: the draft with its secrets, and the row with the rest.
package struct StoredDraft: Sendable {
    package var row: StoredSubscription
    package var draft: SubscriptionDraft
    /// The current secrets as they were opened; `nil`: there were none.
    private var opened: [Secret]?
    /// The time at which the secrets before the current one end, where it is a new one.
    private var graceEnd: Timestamp?
    /// The parts that no key opens and that stay as they are in the row.
    private(set) var unread: Set<SealedPart> = []

    /// The sealed parts of a row.
    package enum SealedPart: Sendable, Hashable {
        case signingSecrets
        /// Headers, and what else of the draft is secret.
        case credentials
    }

    /// The longest time that a replaced secret goes on signing: a week.
    package static let longestGrace = Duration.seconds(7 * 86_400)
    /// The most replaced secrets that sign at once.
    package static let mostRetiring = 10

    /// A new one, named by its id.
    package init(id: String, tenant: String?, at instant: Timestamp) {
        row = StoredSubscription(
            id: id,
            name: id,
            tenant: tenant,
            definition: "{}",
            createdAt: instant,
            updatedAt: instant
        )
        draft = SubscriptionDraft(name: id, url: "", topics: ["**"])
        draft.tenant = tenant
    }

    /// One that is stored, opened.
    ///
    /// - Parameter part: what is going to be replaced. Where no key opens that, or the other part, it can be replaced all the
    ///   same: what replaces a lost secret needs nothing of it.
    /// - Throws: ``SealingError`` where one of its secrets can't be opened; ``WebhooksError`` where its definition is none.
    package init(
        _ row: StoredSubscription,
        _ keys: SealingKeys?,
        at instant: Timestamp,
        replacing part: SealedPart? = nil
    ) throws {
        self.row = row
        guard let keys else {
            draft = try row.unsealedDraft()
            opened = draft.secrets
            return
        }
        do {
            draft = try keys.draft(of: row, at: instant)
            opened = draft.secrets
            return
        } catch let error as SealingError {
            guard part != nil else { throw error }
        }
        var readable = row
        if !keys.opensCredentials(of: row) {
            readable.credentials = nil
            if part != .credentials { unread.insert(.credentials) }
        }
        readable.signingSecrets = row.signingSecrets.filter { keys.opens($0, of: row) }
        if readable.signingSecrets.count < row.signingSecrets.count {
            if part == .signingSecrets {
                // Lost ones sign nothing any more.
                self.row.signingSecrets = readable.signingSecrets
            } else {
                readable.signingSecrets = []
                unread.insert(.signingSecrets)
            }
        }
        draft = try keys.draft(of: readable, at: instant)
        // Those that were lost are judged as one that is fit.
        if unread.contains(.signingSecrets) { draft.secrets = [StandardWebhooks.generateSecret(ed25519: false).secret] }
        opened = draft.secrets
    }

    /// The row to be written, its secrets sealed.
    package func sealed(_ keys: SealingKeys?, at instant: Timestamp) throws(SealingError) -> StoredSubscription {
        var (row, draft) = (row, draft)
        if draft.secrets == nil {
            row.signingSecrets = []
        } else if let graceEnd, let secret = draft.secrets?.first {
            guard let keys else { throw .noKey }
            try keys.rotate(&row, to: secret, graceEnd: graceEnd, at: instant)
            draft.secrets = nil
        } else if draft.secrets == opened {
            // The row has them already, with their times.
            draft.secrets = nil
        }
        let (definition, credentials) = (row.definition, row.credentials)
        if let keys {
            try keys.write(draft, into: &row, at: instant)
            if unread.contains(.credentials) { (row.definition, row.credentials) = (definition, credentials) }
        } else {
            try row.write(unsealed: draft, at: instant)
        }
        return row
    }

    /// Puts a new secret in front; those before sign until the end of their grace.
    package mutating func rotate(to secret: Secret, graceEnd: Timestamp) {
        draft.secrets = [secret]
        self.graceEnd = graceEnd
    }

    /// Tells whether one more replaced secret may sign.
    package func canRotate(at instant: Timestamp) -> Bool {
        row.signingSecrets.count { $0.expiresAt.map { $0 > instant } ?? true } <= Self.mostRetiring
    }

    /// Tells whether there is a secret that was not there before.
    package var hasNewSecret: Bool { draft.secrets != nil && draft.secrets != opened }
    /// Tells whether it was put in front of others.
    package var isRotated: Bool { graceEnd != nil }
}

extension StoredDraft {
    /// The draft as a host knows it: under the host's own name, enabled or not.
    var hosts: SubscriptionDraft {
        get {
            var draft = draft
            draft.name = row.uid ?? row.id
            draft.isEnabled = row.isDisabled ? false : nil
            return draft
        }
        set {
            let before = draft
            draft = newValue
            row.uid = newValue.name == row.id ? row.uid : newValue.name
            row.isDisabled = newValue.isEnabled == false
            row.channels = newValue.channels
            (draft.name, draft.isEnabled) = (row.name, nil)
            draft.retiringSecrets = before.retiringSecrets
            // Those that sign go on where none are named.
            if draft.secrets == nil { draft.secrets = before.secrets }
        }
    }
}

extension StoredSubscription {
    /// The draft without anything that is secret: what the row says in plain text.
    package var plainDraft: SubscriptionDraft {
        (try? JSON.parse(ByteString(definition))).flatMap { try? SubscriptionDraft(json: $0) }
            ?? SubscriptionDraft(name: name, url: "", topics: ["**"])
    }
}

extension WebhookDispatcher {
    /// Judges a subscription of the store as the file's are judged, and gives it a secret where its profile signs and it has none.
    ///
    /// - Parameter audience: who reads the problems; `nil`: who reads those of the configuration.
    /// - Returns: every problem; where one of them is an error, nothing is changed.
    package func judge(_ stored: inout StoredDraft, for audience: Audience? = nil) async -> [Diagnostic] {
        var draft = stored.draft
        if draft.secrets == nil { draft.secrets = [StandardWebhooks.generateSecret(ed25519: false).secret] }
        var problems = await check(draft, as: .store, for: audience)
        func areOfSecrets(_ problem: Diagnostic) -> Bool {
            problem.isError && problem.key?.hasPrefix("secrets") == true
        }
        if !stored.hasNewSecret, problems.contains(where: areOfSecrets) {
            // A profile without signatures wants none.
            var unsigned = draft
            unsigned.secrets = nil
            let others = await check(unsigned, as: .store, for: audience)
            if !others.contains(where: areOfSecrets) { (draft, problems) = (unsigned, others) }
        }
        // What is left as it is can't be judged.
        if stored.unread.contains(.credentials) { problems = problems.filter(areOfSecrets) }
        if !problems.contains(where: \.isError) { stored.draft = draft }
        return problems
    }
}

extension Diagnostic {
    package var isError: Bool { severity == .error }
}
