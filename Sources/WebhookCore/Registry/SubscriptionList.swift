/// A registry's subscriptions: those of the configuration in the file's order, then the ones given at run time, by name. There
/// may be tens of thousands, and they are large: the list refers to them.
package struct SubscriptionList: RandomAccessCollection, Sendable {
    private let configured: [Subscription]
    private let given: [GivenSubscription]

    /// - Parameter given: those in force are taken.
    init(_ configured: [Subscription], _ given: [GivenSubscription]) {
        self.configured = configured
        self.given = given.filter { $0.subscription != nil }
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int { configured.count + given.count }

    package subscript(position: Int) -> Subscription {
        if position < configured.count { return configured[position] }
        guard let subscription = given[position - configured.count].subscription else {
            preconditionFailure("only those in force are here")
        }
        return subscription
    }
}
