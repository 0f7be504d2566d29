extension DeliveryState: Codable {}
extension DeliveryMode: Codable {}
extension Attempt.Outcome: Codable {}
extension FailureKind: Codable {}

extension Delivery.ID: Codable {
    /// Reads `dlv_42`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let id = Delivery.ID(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "this must be a delivery's id")
        }
        self = id
    }

    /// Writes `dlv_42`.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Delivery: JSONForm {
    package func write<Writer: JSONFieldWriter>(to writer: inout Writer) throws(Writer.Failure) {
        try writer.add("id", id.description)
        try writer.add("event", event)
        try writer.add("topic", topic)
        try writer.add("tenant", tenant)
        try writer.add("subscription", subscription)
        try writer.add("state", state.rawValue)
        try writer.add("mode", mode.rawValue)
        try writer.add("attempts", integer: attempts)
        try writer.add("nextAttemptAt", time: nextAttemptAt)
        try writer.add("lastStatus", integer: lastStatus)
        try writer.add("lastError", lastError?.rawValue)
        try writer.add("createdAt", time: createdAt)
        try writer.add("settledAt", time: settledAt)
        try writer.add("test", flag: isTest)
        try writer.add("retriggerOf", retriggerOf?.description)
    }
}

/// The JSON of `webhooks deliveries list --json`.
extension Delivery: Codable {
    /// Reads a delivery; ``detail`` is not in it.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: NameKey.self)
        self.init(
            id: try container.value("id"),
            event: try container.value("event"),
            topic: try container.value("topic"),
            tenant: try container.optional("tenant"),
            subscription: try container.value("subscription"),
            state: try container.value("state"),
            mode: try container.value("mode"),
            attempts: try container.value("attempts"),
            nextAttemptAt: try container.optional("nextAttemptAt"),
            lastStatus: try container.optional("lastStatus"),
            lastError: try container.optional("lastError"),
            createdAt: try container.value("createdAt"),
            settledAt: try container.optional("settledAt"),
            isTest: try container.value("test"),
            retriggerOf: try container.delivery("retriggerOf")
        )
    }

    /// Writes a delivery.
    public func encode(to encoder: any Encoder) throws { try encodeForm(to: encoder) }
}
