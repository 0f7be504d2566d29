package import WebhookCore

/// A draft ⇄ its row, secrets sealed.
extension SealingKeys {
    /// Puts a draft into a row: what it says in plain text, its secrets sealed for the row.
    ///
    /// The draft's first secret becomes the current one, the others sign until `graceEnd`; a row that has secrets keeps them
    /// where the draft names none.
    package func write(
        _ draft: SubscriptionDraft,
        into row: inout StoredSubscription,
        at instant: Timestamp
    ) throws(SealingError) {
        var draft = draft
        if let secrets = draft.secrets {
            var sealed: [StoredSubscription.SigningSecret] = []
            for secret in secrets {
                sealed.append(.init(sealed: try seal(secret, for: row.signingPlace), createdAt: instant))
            }
            row.signingSecrets = sealed
        }
        draft.secrets = nil
        let plain = draft.withoutSecrets
        row.credentials =
            plain == draft ? nil : try seal(Secret(draft.json.raw.text), for: row.credentialsPlace)
        row.write(plain: plain, at: instant)
    }

    /// The draft of a row, with its secrets, and those that are to expire as such.
    ///
    /// - Throws: ``SealingError`` where one of them can't be opened; ``WebhooksError`` where the definition is none.
    package func draft(of row: StoredSubscription, at instant: Timestamp) throws -> SubscriptionDraft {
        let text = try row.credentials.map { try open($0, at: row.credentialsPlace).reveal() } ?? row.definition
        var draft = try row.draft(text)
        var (current, retiring): ([Secret], [RetiringSecret]) = ([], [])
        for stored in row.signingSecrets {
            let secret = try open(stored.sealed, at: row.signingPlace)
            if let end = stored.expiresAt {
                if end > instant { retiring.append(RetiringSecret(secret: secret, until: end)) }
            } else {
                current.append(secret)
            }
        }
        if !row.signingSecrets.isEmpty { draft.secrets = current }
        draft.retiringSecrets = retiring
        return draft
    }

    /// Tells whether one of the keys opens what of a row is sealed beside its signing secrets.
    package func opensCredentials(of row: StoredSubscription) -> Bool {
        row.credentials.map { (try? open($0, at: row.credentialsPlace)) != nil } ?? true
    }

    /// Tells whether one of the keys opens a row's signing secret.
    package func opens(_ secret: StoredSubscription.SigningSecret, of row: StoredSubscription) -> Bool {
        (try? open(secret.sealed, at: row.signingPlace)) != nil
    }

    /// Puts a new signing secret in front: the current ones sign until the end of their grace, expired ones are dropped.
    package func rotate(
        _ row: inout StoredSubscription,
        to secret: Secret,
        graceEnd: Timestamp,
        at instant: Timestamp
    ) throws(SealingError) {
        let sealed = try seal(secret, for: row.signingPlace)
        var older = row.signingSecrets.filter { $0.expiresAt.map { $0 > instant } ?? true }
        for index in older.indices where older[index].expiresAt == nil { older[index].expiresAt = graceEnd }
        row.signingSecrets = [.init(sealed: sealed, createdAt: instant)] + older
        row.updatedAt = instant
    }

    /// Seals a row's secrets with the current key; `false` where they are already.
    package func reseal(_ row: inout StoredSubscription) throws(SealingError) -> Bool {
        var changed = false
        if let credentials = row.credentials, credentials.keyID != currentID {
            row.credentials = try seal(try open(credentials, at: row.credentialsPlace), for: row.credentialsPlace)
            changed = true
        }
        for index in row.signingSecrets.indices where row.signingSecrets[index].sealed.keyID != currentID {
            let secret = try open(row.signingSecrets[index].sealed, at: row.signingPlace)
            row.signingSecrets[index].sealed = try seal(secret, for: row.signingPlace)
            changed = true
        }
        return changed
    }
}

/// A draft ⇄ its row where nothing is secret: that needs no key.
extension StoredSubscription {
    /// Puts a draft into the row.
    ///
    /// - Throws: ``SealingError`` with `noKey` where something of it is secret.
    package mutating func write(unsealed draft: SubscriptionDraft, at instant: Timestamp) throws(SealingError) {
        guard signingSecrets.isEmpty, draft.secrets?.isEmpty ?? true, draft == draft.withoutSecrets else {
            throw .noKey
        }
        credentials = nil
        write(plain: draft, at: instant)
    }

    /// The row's draft.
    ///
    /// - Throws: ``SealingError`` with `noKey` where something of it is sealed; ``WebhooksError`` where the definition is none.
    package func unsealedDraft() throws -> SubscriptionDraft {
        guard credentials == nil, signingSecrets.isEmpty else { throw SealingError.noKey }
        return try draft(definition)
    }

    /// The row's draft without what is sealed: what it says in plain text.
    ///
    /// - Throws: ``WebhooksError`` where the definition is none.
    package func unopenedDraft() throws -> SubscriptionDraft { try draft(definition) }

    fileprivate mutating func write(plain: SubscriptionDraft, at instant: Timestamp) {
        definition = plain.json.raw.text
        tenant = plain.tenant
        updatedAt = instant
    }

    /// Reads a draft's JSON, and what is beside it in the row.
    fileprivate func draft(_ text: String) throws -> SubscriptionDraft {
        var draft = try SubscriptionDraft(json: try JSON.parse(ByteString(text)))
        (draft.name, draft.tenant, draft.channels) = (name, tenant, channels)
        return draft
    }
}
