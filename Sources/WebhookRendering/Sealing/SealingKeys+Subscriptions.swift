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
        row.definition = plain.json.raw.text
        row.credentials =
            plain == draft ? nil : try seal(Secret(draft.json.raw.text), for: row.credentialsPlace)
        row.tenant = draft.tenant
        row.updatedAt = instant
    }

    /// The draft of a row, with its secrets, and those that are to expire as such.
    ///
    /// - Throws: ``SealingError`` where one of them can't be opened; ``WebhooksError`` where the definition is none.
    package func draft(of row: StoredSubscription, at instant: Timestamp) throws -> SubscriptionDraft {
        let text = try row.credentials.map { try open($0, at: row.credentialsPlace).reveal() } ?? row.definition
        var draft = try SubscriptionDraft(json: try JSON.parse(ByteString(text)))
        draft.name = row.name
        draft.tenant = row.tenant
        draft.channels = row.channels
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
