/// A delivery with what its event carried.
public struct ExportedDelivery: Sendable, Hashable {
    public var delivery: Delivery
    public var occurredAt: Timestamp
    /// The event's JSON value, byte for byte.
    public var data: ByteString

    /// A page of an export ends once it holds so many bytes of data: 4 MiB, or one delivery.
    public static let pageSize = 4 * 1024 * 1024

    public init(delivery: Delivery, occurredAt: Timestamp, data: ByteString) {
        self.delivery = delivery
        self.occurredAt = occurredAt
        self.data = data
    }
}
