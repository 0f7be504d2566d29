public import WebhookCore

public import struct Foundation.Date

/// A type of the host's whose values are the data of one topic's events.
///
/// ```swift
/// struct CourseCreated: EventPayload {
///     static let topic = "course.created"
///     let course: Course
/// }
///
/// try await dispatcher.emit(Event(CourseCreated(course: course), tenant: school))
/// ```
public protocol EventPayload: Encodable {
    /// The topic, such as `course.created`.
    static var topic: String { get }
}

extension Event {
    /// Makes an event whose data is any value of the host's, as JSON.
    ///
    /// The same value has the same bytes in every process, so that an event which is emitted again under its id is the same
    /// event. Members stand in the order in which the type encodes them: that of their declaration, unless it has an
    /// `encode(to:)` of its own. Dictionaries are sorted by their keys' bytes, sets by their items'. A `Date` is written as
    /// RFC 3339 in UTC with milliseconds, a `Decimal` as its exact number, a `URL` as its text, `Data` in base64; `nil`
    /// members are left out, as `JSONEncoder` does.
    ///
    /// - Parameters:
    ///   - topic: what happened, such as `course.created`.
    ///   - payload: the data.
    ///   - id: an idempotency key; defaults to a generated, time-ordered one.
    ///   - tenant: the tenant whose event it is.
    ///   - occurredAt: when it happened, to the millisecond; defaults to now.
    ///   - deliverAt: when to deliver it; defaults to at once.
    ///   - deliverIn: how long after it is emitted to deliver it, instead of `deliverAt`; at most 3650 days.
    ///   - isTest: whether it is a test.
    /// - Throws: ``WebhooksError`` with `event`, and what it is about as ``WebhooksError/key``: `topic`, `deliverIn`, or a
    ///   member of the payload, such as `data.course.price` for a number that is infinite.
    public init(
        topic: String,
        encoding payload: some Encodable,
        id: String? = nil,
        tenant: String? = nil,
        occurredAt: Date? = nil,
        deliverAt: Date? = nil,
        deliverIn: Duration? = nil,
        isTest: Bool = false
    ) throws(WebhooksError) {
        try self.init(
            topic: topic,
            data: PayloadEncoding.data(payload),
            id: id,
            tenant: tenant,
            occurredAt: occurredAt,
            deliverAt: deliverAt,
            deliverIn: deliverIn,
            isTest: isTest
        )
    }

    /// Makes an event of a payload that knows its topic; see ``init(topic:encoding:id:tenant:occurredAt:deliverAt:deliverIn:isTest:)``.
    ///
    /// - Parameters:
    ///   - payload: the data.
    ///   - id: an idempotency key; defaults to a generated, time-ordered one.
    ///   - tenant: the tenant whose event it is.
    ///   - occurredAt: when it happened, to the millisecond; defaults to now.
    ///   - deliverAt: when to deliver it; defaults to at once.
    ///   - deliverIn: how long after it is emitted to deliver it, instead of `deliverAt`; at most 3650 days.
    ///   - isTest: whether it is a test.
    /// - Throws: ``WebhooksError`` with `event`.
    public init<Payload: EventPayload>(
        _ payload: Payload,
        id: String? = nil,
        tenant: String? = nil,
        occurredAt: Date? = nil,
        deliverAt: Date? = nil,
        deliverIn: Duration? = nil,
        isTest: Bool = false
    ) throws(WebhooksError) {
        try self.init(
            topic: Payload.topic,
            encoding: payload,
            id: id,
            tenant: tenant,
            occurredAt: occurredAt,
            deliverAt: deliverAt,
            deliverIn: deliverIn,
            isTest: isTest
        )
    }

    /// Makes an event of JSON, with Foundation's dates; see ``init(topic:data:id:tenant:occurredAt:deliverAt:isTest:)``.
    ///
    /// - Parameters:
    ///   - topic: what happened, such as `course.created`.
    ///   - data: one JSON value, passed on byte for byte.
    ///   - id: an idempotency key; defaults to a generated, time-ordered one.
    ///   - tenant: the tenant whose event it is.
    ///   - occurredAt: when it happened, to the millisecond; defaults to now.
    ///   - deliverAt: when to deliver it; defaults to at once.
    ///   - deliverIn: how long after it is emitted to deliver it, instead of `deliverAt`; at most 3650 days.
    ///   - isTest: whether it is a test.
    /// - Throws: ``WebhooksError`` with `event`.
    @_disfavoredOverload
    public init(
        topic: String,
        data: ByteString,
        id: String? = nil,
        tenant: String? = nil,
        occurredAt: Date? = nil,
        deliverAt: Date? = nil,
        deliverIn: Duration? = nil,
        isTest: Bool = false
    ) throws(WebhooksError) {
        let times = try EventTimes(occurredAt: occurredAt, deliverAt: deliverAt, deliverIn: deliverIn)
        try self.init(
            topic: topic,
            data: data,
            id: id,
            tenant: tenant,
            occurredAt: times.occurredAt,
            deliverAt: times.deliverAt,
            isTest: isTest
        )
        self.deliverIn = deliverIn
    }
}

/// The times of an event that were given as dates, with its delay made sure of.
struct EventTimes: Equatable {
    var occurredAt: Timestamp?
    var deliverAt: Timestamp?

    /// The longest time that an event may wait, which is also the longest of the configuration's.
    static let longest: Duration = .seconds(3650 * 86_400)

    init(occurredAt: Date?, deliverAt: Date?, deliverIn: Duration?) throws(WebhooksError) {
        self.occurredAt = try Self.time(occurredAt, "occurredAt")
        self.deliverAt = try Self.time(deliverAt, "deliverAt")
        guard let deliverIn else { return }
        guard deliverAt == nil else {
            throw WebhooksError(.event, "`deliverAt` and `deliverIn` exclude each other", key: "deliverIn")
        }
        guard (.zero...Self.longest).contains(deliverIn) else {
            throw WebhooksError(.event, "`deliverIn` must be 0 to 3650 days", key: "deliverIn")
        }
    }

    private static func time(_ date: Date?, _ key: String) throws(WebhooksError) -> Timestamp? {
        guard let date else { return nil }
        guard let time = Timestamp(date) else {
            throw WebhooksError(.event, "`\(key)` must be a date of the years 0001 to 9999", key: key)
        }
        return time
    }
}
