#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// Something that happened in the platform and that subscribers want to know.
public struct Event: Sendable, Hashable {
    /// Names the event for idempotency: the same id with the same content is stored and delivered once.
    /// Printable ASCII without spaces, at most 256 bytes.
    public var id: String
    /// The name of what happened, such as `course.created`.
    public var topic: String
    /// The payload: one JSON value, passed on byte for byte.
    public var data: ByteString
    /// The tenant whose event it is; reaches only subscriptions of this tenant or of none. At most 256 bytes, no
    /// control characters.
    public var tenant: String?
    /// The time at which it happened.
    public var occurredAt: Timestamp
    /// True when ``occurredAt`` was given by the caller. A default doesn't count when the same id comes again.
    public var occurredAtIsGiven: Bool
    /// The time at which to deliver it; `nil` at once, unless there is ``deliverIn``. Until then it can be cancelled.
    public var deliverAt: Timestamp?
    /// The time from its emit to its delivery, in place of ``deliverAt``: whoever accepts it counts from then, by their clock.
    /// Stays with the event as it was emitted, and is no part of its content as that is stored.
    public package(set) var deliverIn: Duration?
    /// True when it is a test, marked so in the log and, where the profile has a flag, on the wire.
    public var isTest: Bool
    /// The trace that it was emitted in. No part of its content: the same id again keeps the first one's.
    package var trace: TraceContext?
    /// Its side as a message of the HTTP API, to be stored with it. No part of its content; read back with its channels alone.
    package var message: MessageRecord?

    /// Makes an event and checks it.
    ///
    /// - Parameters:
    ///   - id: an idempotency key; default: a generated, time-ordered one.
    ///   - occurredAt: default: now.
    /// - Throws: ``WebhooksError`` with `event`, and what it is about as ``WebhooksError/key``.
    public init(
        topic: String,
        data: ByteString,
        id: String? = nil,
        tenant: String? = nil,
        occurredAt: Timestamp? = nil,
        deliverAt: Timestamp? = nil,
        isTest: Bool = false
    ) throws(WebhooksError) {
        guard Topic.isValid(topic) else { throw .eventTopic }
        if let id, !Self.isValidID(id) { throw .eventID }
        if let tenant, !Self.isValidTenant(tenant) { throw .eventTenant }
        guard data.count <= Self.maxDataSize else { throw .eventTooLarge }
        let value: Range<Int>
        do {
            value = try JSON.validate(data)
        } catch {
            throw .eventData(error)
        }
        self.id = id ?? EventID.generate()
        self.topic = topic
        self.data = value == 0..<data.count ? data : data.slice(value)
        self.tenant = tenant
        self.occurredAt = occurredAt ?? .now
        self.occurredAtIsGiven = occurredAt != nil
        self.deliverAt = deliverAt
        self.isTest = isTest
    }

    /// Rebuilds an event that was checked before, as a store does. Checks nothing.
    public init(
        stored id: String,
        topic: String,
        data: ByteString,
        tenant: String?,
        occurredAt: Timestamp,
        occurredAtIsGiven: Bool,
        deliverAt: Timestamp?,
        isTest: Bool
    ) {
        self.id = id
        self.topic = topic
        self.data = data
        self.tenant = tenant
        self.occurredAt = occurredAt
        self.occurredAtIsGiven = occurredAtIsGiven
        self.deliverAt = deliverAt
        self.isTest = isTest
    }

    /// The largest `data`: 20 MB.
    public static let maxDataSize = 20_000_000

    /// Tells whether an id is printable ASCII without spaces, 1 to 256 bytes.
    public static func isValidID(_ id: String) -> Bool {
        (1...256).contains(id.utf8.count) && id.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    /// Tells whether a tenant has 1 to 256 bytes and no control characters.
    public static func isValidTenant(_ tenant: String) -> Bool {
        (1...256).contains(tenant.utf8.count) && !tenant.hasControlCharacters
    }

    /// The event as it is accepted at a time: due then, or after its ``deliverIn``.
    package func emitted(at instant: Timestamp) -> Event {
        guard let deliverIn else { return self }
        var event = self
        event.deliverAt = instant + deliverIn
        return event
    }

    /// Tells whether its time has come: at once, but for a later ``deliverAt``.
    public func isDue(at instant: Timestamp) -> Bool { deliverAt.map { $0 <= instant } ?? true }

    /// Tells whether another event with this one's id is the same event: equal but for an ``occurredAt`` that either left out,
    /// and for the time when both are due later and one of them has it from ``deliverIn``.
    public func hasSameContent(as other: Event) -> Bool { differences(from: other).isEmpty }

    /// The members in which another event with this one's id differs from it, by the names of the interface; `expunged` alone
    /// where this one was erased.
    public func differences(from other: Event) -> [String] {
        var names: [String] = []
        if topic != other.topic { names.append("topic") }
        if data != other.data { names.append("data") }
        if tenant != other.tenant { names.append("tenant") }
        if occurredAt != other.occurredAt, occurredAtIsGiven, other.occurredAtIsGiven { names.append("occurredAt") }
        if deliverAt != other.deliverAt, !isDelayed(like: other) { names.append("deliverAt") }
        if isTest != other.isTest { names.append("test") }
        return names.contains("data") && tenant == nil && Tombstone.stands(in: data) ? Tombstone.difference : names
    }

    /// Tells whether both are for later, and one counts from its emit: emitted again, it counts from the first time.
    private func isDelayed(like other: Event) -> Bool {
        deliverAt != nil && other.deliverAt != nil && (deliverIn ?? other.deliverIn) != nil
    }

    /// Says that this event's id is taken by another one, and in what that differs.
    public func conflictText(_ differences: [String]) -> String {
        if differences == Tombstone.difference {
            return "the event with the id \(id) was erased, and its id stays taken: emit it with another id"
        }
        let which =
            switch differences.count {
            case 0: ""
            case 1: " (its \(differences[0]) differs)"
            default: " (its \(differences.dropLast().joined(separator: ", ")) and \(differences.last ?? "") differ)"
            }
        return "another event with the id \(id) and other content is stored already\(which)"
    }
}

/// Errors of events that are refused. The texts name the cause and never quote the data.
extension WebhooksError {
    package static var eventTopic: WebhooksError {
        WebhooksError(
            .event,
            "the event's topic is not acceptable: one is letters, digits, _ and -, in segments joined by dots, for example course.created",
            key: "topic"
        )
    }

    package static var eventTopicReserved: WebhooksError {
        WebhooksError(
            .event,
            "the topic must not begin with webhooks.: the dispatcher's own events do",
            key: "topic"
        )
    }

    package static var eventID: WebhooksError {
        WebhooksError(.event, "the id must be 1 to 256 bytes of printable ASCII without spaces", key: "id")
    }

    package static var eventTenant: WebhooksError {
        WebhooksError(.event, "the tenant must be 1 to 256 bytes without control characters", key: "tenant")
    }

    package static var eventTooLarge: WebhooksError {
        WebhooksError(.event, "the data is larger than 20 MB", key: "data")
    }

    package static func eventData(_ error: JSONError) -> WebhooksError {
        WebhooksError(.event, "the data is not acceptable JSON: \(error)", key: "data")
    }
}

/// Generated event ids: `evt_` and 26 characters of Crockford's base 32, time-ordered like a ULID.
package enum EventID {
    /// An id for now, from the system's clock and random source.
    package static func generate() -> String {
        var bits = (high: UInt64(0), low: UInt64(0))
        // Both at once: `SystemRandomNumberGenerator` makes a system call for each, and every emit pays for it.
        if getentropy(&bits, MemoryLayout<(UInt64, UInt64)>.size) == 0 { return make(at: .now, bits.high, bits.low) }
        var random = SystemRandomNumberGenerator()
        return make(at: .now, using: &random)
    }

    /// An id for a time: 48 bits of milliseconds, then 80 random bits.
    package static func make(at time: Timestamp, using random: inout some RandomNumberGenerator) -> String {
        let high = random.next()
        return make(at: time, high, random.next())
    }

    private static func make(at time: Timestamp, _ high: UInt64, _ low: UInt64) -> String {
        String(unsafeUninitializedCapacity: 30) { buffer in
            for (index, byte) in "evt_".utf8.enumerated() { buffer[index] = byte }
            var milliseconds = UInt64(max(0, time.milliseconds))
            for index in stride(from: 13, through: 4, by: -1) {
                buffer[index] = digit(milliseconds)
                milliseconds >>= 5
            }
            var (first, second) = (high, low)
            for index in 14..<22 {
                buffer[index] = digit(first)
                first >>= 5
            }
            for index in 22..<30 {
                buffer[index] = digit(second)
                second >>= 5
            }
            return 30
        }
    }

    private static func digit(_ value: UInt64) -> UInt8 {
        let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        return alphabet.utf8Start[Int(value & 31)]
    }
}
