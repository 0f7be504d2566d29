/// The deliveries of a subscription in one state, counted.
package struct DeliveryCount: Sendable, Hashable {
    package var state: DeliveryState
    package var deliveries: Int
    /// Of all of them, with those under way.
    package var attempts: Int
    /// The deliveries that no attempt was made of.
    package var withoutAttempt: Int

    package init(state: DeliveryState, deliveries: Int, attempts: Int, withoutAttempt: Int) {
        (self.state, self.deliveries, self.attempts) = (state, deliveries, attempts)
        self.withoutAttempt = withoutAttempt
    }
}
