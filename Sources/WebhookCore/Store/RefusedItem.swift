/// One of several things to do that the store won't take: the others are done.
package struct RefusedItem: Sendable, Hashable {
    /// The id of an event or a delivery.
    package var id: String
    /// In the database's words, which name no value.
    package var reason: String

    package init(id: String, reason: String) {
        self.id = id
        self.reason = reason
    }
}
