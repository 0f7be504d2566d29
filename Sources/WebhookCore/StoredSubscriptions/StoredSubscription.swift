/// A subscription that is kept in the store, beside those of the configuration's file.
///
/// Its secrets are sealed: a store gives and takes them as they are, and never sees a key.
package struct StoredSubscription: Sendable, Hashable {
    /// A signing secret. The one that doesn't expire is the current one; the others sign beside it until their time is over.
    package struct SigningSecret: Sendable, Hashable {
        package var sealed: SealedSecret
        package var createdAt: Timestamp
        package var expiresAt: Timestamp?

        package init(sealed: SealedSecret, createdAt: Timestamp, expiresAt: Timestamp? = nil) {
            (self.sealed, self.createdAt, self.expiresAt) = (sealed, createdAt, expiresAt)
        }
    }

    /// `ep_…`; never given again.
    package var id: String
    /// The name that deliveries refer to; unique among those that live.
    package var name: String
    /// The application's own id for it; unique within its tenant, among those that live.
    package var uid: String?
    package var tenant: String?
    /// The draft's JSON without anything that is secret.
    package var definition: String
    /// The whole draft's JSON but for the signing secrets, where more of it is secret: credentials, headers, a key.
    package var credentials: SealedSecret?
    /// The newest first.
    package var signingSecrets: [SigningSecret]
    /// Events reach it only through one of these; empty: through any or none.
    package var channels: [String]
    /// Disabled by hand: by whoever it belongs to, or by an operator.
    package var isDisabled: Bool
    /// An object of texts, as JSON.
    package var metadata: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Its row stays: deliveries refer to it.
    package var deletedAt: Timestamp?
    /// The store's number of the change that made it so; given by the store.
    package var version: Int64

    package init(
        id: String,
        name: String,
        uid: String? = nil,
        tenant: String? = nil,
        definition: String,
        credentials: SealedSecret? = nil,
        signingSecrets: [SigningSecret] = [],
        channels: [String] = [],
        isDisabled: Bool = false,
        metadata: String = "{}",
        createdAt: Timestamp,
        updatedAt: Timestamp,
        deletedAt: Timestamp? = nil,
        version: Int64 = 0
    ) {
        self.id = id
        self.name = name
        self.uid = uid
        self.tenant = tenant
        self.definition = definition
        self.credentials = credentials
        self.signingSecrets = signingSecrets
        self.channels = channels
        self.isDisabled = isDisabled
        self.metadata = metadata
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.deletedAt = deletedAt
        self.version = version
    }

    /// The prefix of ids.
    package static let prefix = "ep_"

    /// Tells whether a name is one that the store gives.
    package static func isName(_ name: String) -> Bool { name.hasPrefix(prefix) }
    /// The ids of the keys that its secrets are sealed with.
    package var keyIDs: Set<String> {
        Set(signingSecrets.map(\.sealed.keyID) + [credentials?.keyID].compactMap(\.self))
    }

    /// The place of its sealed credentials.
    package var credentialsPlace: SealedSecret.Place {
        SealedSecret.Place(table: "subscriptions", row: id, column: "credentials")
    }
    /// The place of its sealed signing secrets.
    package var signingPlace: SealedSecret.Place {
        SealedSecret.Place(table: "subscriptions", row: id, column: "signing")
    }
}
