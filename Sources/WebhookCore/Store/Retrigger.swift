/// A delivery that is to be sent again.
public struct Retrigger: Sendable, Hashable {
    public var delivery: Delivery.ID
    /// What to send where the delivery has no body, because none could be rendered then; `nil` where it still can't.
    public var rendering: Rendering?

    /// A body and how it is written.
    public struct Rendering: Sendable, Hashable {
        public var body: ByteString
        public var contentType: ContentType

        public init(body: ByteString, contentType: ContentType) {
            self.body = body
            self.contentType = contentType
        }
    }

    public init(delivery: Delivery.ID, rendering: Rendering? = nil) {
        self.delivery = delivery
        self.rendering = rendering
    }
}

/// A new delivery that sends another one again.
public struct Retriggered: Sendable, Hashable {
    public var id: Delivery.ID
    /// The event's row.
    public var event: Int64

    public init(id: Delivery.ID, event: Int64) {
        self.id = id
        self.event = event
    }
}

/// What became of deliveries that were to be sent again.
public struct RetriggerResult: Sendable, Hashable {
    /// The new deliveries, in order.
    public var made: [Retriggered]
    /// Those that the store would not send again.
    public var refused: [RefusedItem]

    public init(made: [Retriggered], refused: [RefusedItem] = []) {
        self.made = made
        self.refused = refused
    }
}
