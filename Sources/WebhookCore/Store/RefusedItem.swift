/// One of several things to do that the store won't take: the others are done.
public struct RefusedItem: Sendable, Hashable {
    /// Of an event or a delivery.
    public var id: String
    /// In the database's words, which name no value.
    public var reason: String

    public init(id: String, reason: String) {
        self.id = id
        self.reason = reason
    }
}
