internal import WebhookCore

/// A mapping prepared for one topic: paths are split, constants parsed, wire names put in.
indirect enum PayloadPlan: Sendable {
    case constant(JSONValue)
    case reference(EnvelopeReference, [PayloadConversion])
    case firstOf([PayloadPlan])
    case object([Member], ownKeys: Set<MemberKey>)
    case each(PayloadPlan, item: PayloadPlan)
    case list([PayloadPlan])
    case join([PayloadPlan], separator: String)
    case lookup(PayloadPlan, [MemberKey: JSONValue])
    case conditional(Condition, then: PayloadPlan, otherwise: PayloadPlan?)

    /// A filter of the event, which is the same for all items of a list.
    final class Condition: Sendable {
        let filter: Filter

        init(_ filter: Filter) { self.filter = filter }
    }

    /// A member of an object.
    enum Member: Sendable {
        case value(name: String, isOptional: Bool, PayloadPlan)
        case merge(EnvelopeReference)
    }

    /// Prepares a mapping.
    ///
    /// - Throws: where it names a wire name that the topic lacks, or holds a constant that is not JSON.
    init(_ value: PayloadValue, for topic: ProfileTopic) throws(RenderingError) {
        switch value {
        case .literal(let text): self = .constant(try Self.constant(text))
        case .reference(.wire(let key), let conversions):
            guard let name = topic.wireName(key) else {
                throw RenderingError("the topic \(topic.topic) has no wire name \(key)")
            }
            var value: JSONValue? = .made(.string(name))
            for conversion in conversions {
                guard case .value(let next) = value.map({ conversion.convert($0, currencyDigits: nil) }) else {
                    throw RenderingError("wire.\(key) \(conversion.refusal)")
                }
                value = next
            }
            self = value.map { .constant($0) } ?? .firstOf([])
        case .reference(let reference, let conversions): self = .reference(reference, conversions)
        case .firstOf(let values): self = .firstOf(try Self.all(values, topic))
        case .object(let members):
            var plans: [Member] = []
            var keys: Set<MemberKey> = []
            for member in members {
                switch member {
                case .value(let name, let isOptional, let value):
                    plans.append(.value(name: name, isOptional: isOptional, try PayloadPlan(value, for: topic)))
                    keys.insert(MemberKey(name))
                case .merge(let reference): plans.append(.merge(reference))
                }
            }
            self = .object(plans, ownKeys: keys)
        case .each(let list, let item):
            self = .each(try PayloadPlan(list, for: topic), item: try PayloadPlan(item, for: topic))
        case .list(let values): self = .list(try Self.all(values, topic))
        case .join(let values, let separator): self = .join(try Self.all(values, topic), separator: separator)
        case .lookup(let value, let cases):
            var table: [MemberKey: JSONValue] = [:]
            for entry in cases { table[MemberKey(entry.match)] = try Self.constant(entry.literal) }
            self = .lookup(try PayloadPlan(value, for: topic), table)
        case .conditional(let filter, let then, let otherwise):
            var fallback: PayloadPlan?
            if let otherwise { fallback = try PayloadPlan(otherwise, for: topic) }
            self = .conditional(Condition(filter), then: try PayloadPlan(then, for: topic), otherwise: fallback)
        }
    }

    private static func all(
        _ values: [PayloadValue],
        _ topic: ProfileTopic
    ) throws(RenderingError) -> [PayloadPlan] {
        var plans: [PayloadPlan] = []
        for value in values { plans.append(try PayloadPlan(value, for: topic)) }
        return plans
    }

    private static func constant(_ text: String) throws(RenderingError) -> JSONValue {
        do {
            return try JSON.parse(ByteString(text))
        } catch {
            throw RenderingError("a constant of the mapping is not JSON: \(error)")
        }
    }
}
