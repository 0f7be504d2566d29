internal import WebhookCore

/// A platform's payload of one event.
struct Payload {
    /// `nil`: the event's data as they stand.
    var made: JSONValue?
    /// Its differences from the topic's fields; empty where nobody asked.
    var violations: [String] = []
}

/// The way to a topic's payload: the data as they stand, a profile's mapping for data that are not the platform's own, or
/// a subscription's mapping.
final class PayloadSource: Sendable {
    let topic: ProfileTopic
    private let mapping: PayloadPlan?
    /// The topic's fields, where data that fit them pass as they stand; `nil` under a subscription's mapping.
    private let fields: FieldPlan?

    /// The way that a profile's topic prescribes.
    init(_ topic: ProfileTopic) throws(RenderingError) {
        self.topic = topic
        var plan: PayloadPlan?
        if let value = topic.payload { plan = try PayloadPlan(value, for: topic) }
        mapping = plan
        fields = FieldPlan(topic.fields)
    }

    /// Passes every event's data on.
    init(passingOn topic: ProfileTopic) {
        self.topic = topic
        mapping = nil
        fields = FieldPlan(topic.fields)
    }

    /// The way that a subscription prescribes.
    init(_ topic: ProfileTopic, mapping: PayloadValue) throws(RenderingError) {
        self.topic = topic
        self.mapping = try PayloadPlan(mapping, for: topic)
        fields = nil
    }

    /// Tells whether the payload is the event's data, whatever they are, and nothing is to be checked.
    func isPassedOn(_ schema: SchemaMode) -> Bool { mapping == nil && (schema == .off || !topic.hasSchema) }

    /// Makes the payload.
    ///
    /// - Parameter checks: whether to compare it with the topic's fields.
    /// - Throws: where a member can't be made.
    func payload(
        _ context: EventContext,
        _ variables: [Variable],
        checks: Bool,
        _ limit: BodyLimit
    ) throws(RenderingError) -> Payload {
        let checks = checks && topic.hasSchema
        guard let mapping else {
            if !checks || fields?.fits(context.event.data) == true { return Payload() }
            return Payload(violations: FieldChecker.violations(of: try context.data(), topic.fields))
        }
        if let fields {
            if fields.fits(context.event.data) { return Payload() }
            if FieldChecker.fits(try context.data(), topic.fields) { return Payload() }
        }
        let made: JSONValue
        do {
            made = try PayloadMapper.payload(mapping, context, topic, variables, limit)
        } catch {
            guard fields != nil else { throw error }
            return try native(try context.data(), checks: checks, orElse: error)
        }
        return Payload(made: made, violations: checks ? FieldChecker.violations(of: made, topic.fields) : [])
    }

    /// Data that are the platform's own but for nulls: few platforms publish which members may be null.
    ///
    /// - Throws: `failure`, with what is missing in data that are nearly the platform's own.
    private func native(
        _ data: JSONValue,
        checks: Bool,
        orElse failure: RenderingError
    ) throws(RenderingError) -> Payload {
        let required = topic.fields.filter { !$0.isOptional }
        let there = required.count(where: { data[$0.name] != nil })
        guard there > 0, there * 2 >= required.count else { throw failure }
        if FieldChecker.fits(data, topic.fields, withNulls: true) {
            return Payload(violations: checks ? FieldChecker.violations(of: data, topic.fields) : [])
        }
        let missing = FieldChecker.violations(of: data, topic.fields, most: Self.mostMissing, withNulls: true)
        throw RenderingError("\(failure); as the platform's own payload: " + missing.joined(separator: "; "))
    }

    /// The most differences from the platform's own payload that a reason names.
    private static let mostMissing = 3
}

/// Payloads of one event are the same where these are.
struct PayloadKey: Hashable {
    var source: ObjectIdentifier
    var checks: Bool
}

/// The values of one event as one subscription's body sees them.
///
/// Belongs to one rendering on one thread.
final class BodyScope {
    let context: EventContext
    let variables: [Variable]
    let limit: BodyLimit
    private let source: PayloadSource
    private let schema: SchemaMode
    private var result: Result<Payload, RenderingError>?
    /// The envelope as a tree, once something asked for it.
    var envelope: [JSONValue.Member]?

    var topic: ProfileTopic { source.topic }

    init(
        _ context: EventContext,
        _ source: PayloadSource,
        variables: [Variable] = [],
        schema: SchemaMode = .off,
        _ limit: BodyLimit
    ) {
        self.context = context
        self.source = source
        self.variables = variables
        self.schema = schema
        self.limit = limit
    }

    /// The payload, made when something first asks for it.
    func payload() throws(RenderingError) -> Payload {
        if source.isPassedOn(schema) { return Payload() }
        if let result { return try result.get() }
        // Representations of the same event share it.
        let checks = schema != .off
        let key = variables.isEmpty ? PayloadKey(source: ObjectIdentifier(source), checks: checks) : nil
        let known = key.flatMap { context.payloads[$0] }
        let result =
            known
            ?? Result { () throws(RenderingError) in
                try source.payload(context, variables, checks: checks, limit)
            }
        if let key { context.payloads[key] = result }
        self.result = result
        return try result.get()
    }

    /// The payload's value, read where it is the event's data.
    func payloadValue() throws(RenderingError) -> JSONValue {
        let payload = try payload()
        if let made = payload.made { return made }
        return try context.data()
    }

    /// The value of a reference; `nil` where a path leads nowhere.
    func value(of reference: EnvelopeReference) throws(RenderingError) -> JSONValue? {
        if case .payload(let path) = reference { return try payloadValue().value(at: path) }
        return try context.value(of: reference, topic, variables)
    }

    /// The first value that is there and not null.
    func first(of references: [EnvelopeReference]) throws(RenderingError) -> JSONValue {
        for reference in references {
            if let value = try value(of: reference), !value.isNull { return value }
        }
        let paths = references.map(\.path).joined(separator: ", ")
        throw RenderingError("the profile requires a value that the event lacks; looked for: \(paths)")
    }

    /// The members of an object to merge.
    func members(of reference: EnvelopeReference) throws(RenderingError) -> [JSONValue.Member] {
        guard let members = try value(of: reference)?.object else {
            throw RenderingError("the profile merges the members of \(reference.path), which is no object here")
        }
        return members
    }
}
