/// A member of a profile's envelope.
public struct EnvelopeMember: Sendable, Hashable {
    /// The key on the wire; ignored for ``EnvelopeValue/merge(_:)``.
    public var name: String
    public var value: EnvelopeValue

    public init(name: String, value: EnvelopeValue) {
        self.name = name
        self.value = value
    }
}

/// Where a member's value comes from.
public indirect enum EnvelopeValue: Sendable, Hashable {
    /// A literal, as JSON text.
    case literal(String)
    /// A fact of the event.
    case reference(EnvelopeReference)
    /// The first of these that is present and not null; none is a `template` error.
    case firstOf([EnvelopeReference])
    /// A nested object.
    case object([EnvelopeMember])
    /// The members of the referenced object at this place; those that the envelope already names are left out.
    case merge(EnvelopeReference)
}

/// A fact of the event.
public enum EnvelopeReference: Sendable, Hashable {
    case id
    case topic
    /// Null where the event has none.
    case tenant
    case test
    /// The payload as a whole (empty path) or a value in it.
    case data(path: [String])
    case occurredAt(TimeFormat)
    /// A wire name of the topic, by key.
    case wire(String)

    public enum TimeFormat: Sendable, Hashable {
        /// `2026-03-01T09:30:00.000Z`
        case milliseconds
        /// `2026-03-01T09:30:00Z`
        case seconds
        /// Integer Unix seconds.
        case unix
        /// Integer Unix milliseconds.
        case unixMilliseconds
    }
}
