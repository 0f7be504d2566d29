/// Where a subscription stands in the configuration, for problems that are found later.
public struct SubscriptionMark: Sendable, Hashable {
    /// Where the value of `name` stands.
    public var place: SourcePlace
    /// Where `body` stands; `nil` without a custom body.
    public var body: SourcePlace?

    public init(place: SourcePlace, body: SourcePlace? = nil) {
        self.place = place
        self.body = body
    }
}
