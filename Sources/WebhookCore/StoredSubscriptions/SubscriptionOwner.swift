/// Whoever a subscription of the store belongs to: its name, an id that we gave, tells nobody.
package struct SubscriptionOwner: Sendable, Hashable {
    /// The application's own id for the subscription.
    package var uid: String?
    package var tenant: String?
    /// The application whose tenant that is now, by its uid, or by its id where it has none.
    package var application: String?

    package init(uid: String? = nil, tenant: String? = nil, application: String? = nil) {
        (self.uid, self.tenant, self.application) = (uid, tenant, application)
    }

    /// `application school-42`, or the tenant where no application has it.
    package var whose: String? {
        application.map { "application \($0)" } ?? tenant.map { "tenant \($0)" }
    }

    /// `uid orders, application school-42`; `nil`: nothing is known.
    package var text: String? {
        let parts = [uid.map { "uid \($0)" }, whose].compactMap(\.self)
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }
}
