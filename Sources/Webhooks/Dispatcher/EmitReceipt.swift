/// The proof that an event is on disk.
public struct EmitReceipt: Sendable, Hashable {
    /// The event as stored.
    public var event: Event
    /// The same event was there before; it is delivered once.
    public var isDuplicate: Bool
}
