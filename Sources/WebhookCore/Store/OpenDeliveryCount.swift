/// How many deliveries of a subscription have not settled.
public struct OpenDeliveryCount: Sendable, Hashable {
    /// Those that wait for an attempt: pending or waiting.
    public var waiting: Int
    public var inFlight: Int

    public init(waiting: Int = 0, inFlight: Int = 0) {
        self.waiting = waiting
        self.inFlight = inFlight
    }
}
