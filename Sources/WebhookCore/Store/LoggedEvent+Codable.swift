extension LoggedEvent: JSONForm {
    package func write<Writer: JSONFieldWriter>(to writer: inout Writer) throws(Writer.Failure) {
        try writer.add("id", id)
        try writer.add("topic", topic)
        try writer.add("tenant", tenant)
        try writer.add("occurredAt", time: occurredAt)
        try writer.add("createdAt", time: createdAt)
        try writer.add("test", flag: isTest)
        try writer.add("deliveryCount", integer: deliveryCount)
        if isCancelled {
            try writer.add("cancelled", flag: true)
        } else if let setAside {
            try writer.add("setAside", setAside)
        }
    }
}

/// The JSON of `webhooks events list --json`, which adds for whom an event waits.
extension LoggedEvent: Codable {
    /// Reads an event; ``deliverAt`` and ``isUnmatched`` are not in it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NameKey.self)
        self.init(
            id: try container.value("id"),
            topic: try container.value("topic"),
            tenant: try container.optional("tenant"),
            occurredAt: try container.value("occurredAt"),
            createdAt: try container.value("createdAt"),
            deliverAt: nil,
            isTest: try container.value("test"),
            isCancelled: try container.optional("cancelled") ?? false,
            deliveryCount: try container.value("deliveryCount"),
            setAside: try container.optional("setAside")
        )
    }

    /// Writes an event.
    public func encode(to encoder: any Encoder) throws { try encodeForm(to: encoder) }
}
