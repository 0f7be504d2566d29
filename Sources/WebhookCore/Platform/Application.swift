/// A customer of the platform, as the HTTP API has it: a name for a tenant.
package struct Application: Sendable, Hashable {
    /// `app_…`, given by us.
    package var id: String
    /// The platform's own id for it; unique among those that live.
    package var uid: String?
    /// The tenant of its events; never changes.
    package var tenant: String
    package var name: String
    /// Messages a second, as it was given: kept for the platform, not enforced.
    package var throttleRate: Int?
    /// An object of texts, as JSON.
    package var metadata: String
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Events before this are another's, who had the tenant before.
    package var eventsSince: Timestamp?

    package init(
        id: String,
        uid: String?,
        tenant: String,
        name: String,
        throttleRate: Int? = nil,
        metadata: String = "{}",
        createdAt: Timestamp,
        updatedAt: Timestamp,
        eventsSince: Timestamp? = nil
    ) {
        self.id = id
        self.uid = uid
        self.tenant = tenant
        self.name = name
        self.throttleRate = throttleRate
        self.metadata = metadata
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.eventsSince = eventsSince
    }
}

/// The applications that a list leaves out.
package struct ApplicationFilter: Sendable, Hashable {
    /// Those that have no endpoint.
    package var excludesEmpty = false
    /// Those whose endpoints are all disabled.
    package var excludesDisabled = false
    /// Tenants of subscriptions that are kept elsewhere than in the store, and those of them that are sent to.
    package var tenants: Set<String> = []
    package var enabledTenants: Set<String> = []
    /// Names of the store's subscriptions that the dispatcher has disabled.
    package var disabledNames: Set<String> = []

    package init() {}

    package var isEmpty: Bool { !excludesEmpty && !excludesDisabled }
}

/// A type of events, declared over the HTTP API.
package struct EventType: Sendable, Hashable {
    package var name: String
    package var description: String
    package var isArchived: Bool
    package var isDeprecated: Bool
    /// JSON Schemas by version, as JSON.
    package var schemas: String?
    package var group: String?
    /// A list of texts, as JSON.
    package var featureFlags: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    package init(
        name: String,
        description: String,
        isArchived: Bool = false,
        isDeprecated: Bool = false,
        schemas: String? = nil,
        group: String? = nil,
        featureFlags: String? = nil,
        createdAt: Timestamp,
        updatedAt: Timestamp
    ) {
        self.name = name
        self.description = description
        self.isArchived = isArchived
        self.isDeprecated = isDeprecated
        self.schemas = schemas
        self.group = group
        self.featureFlags = featureFlags
        self.createdAt = createdAt
        self.updatedAt = updatedAt
    }
}
