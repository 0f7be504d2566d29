internal import WebhookCore

/// Makes a payload of an event by a mapping, or says which members can't be made.
///
/// Every step is counted and so is every byte: lists within lists multiply.
struct PayloadMapper {
    private let context: EventContext
    private let topic: ProfileTopic
    private let variables: [Variable]
    private let limit: BodyLimit
    /// For values of an envelope, which may look into the payload.
    private let scope: BodyScope?
    private var item: JSONValue?
    /// The conditions that items have asked for.
    private var judged: [ObjectIdentifier: Bool] = [:]
    private var steps = 0
    private var size = 0
    /// The places that were looked at in vain, since the last member that was found.
    private var misses: [Miss] = []
    /// The members that can't be made, by their path.
    private var failures: [Failure] = []
    /// True when a list has an item that can't be made. Nothing stands in for such a list: it would lose the others.
    private var isBroken = false
    private var path: [PathPart] = []

    /// A place where a value was looked for in vain.
    private struct Miss {
        var reference: EnvelopeReference
        /// `nil`: there is nothing.
        var refusal: StaticString?
    }

    private struct Failure {
        var path: [PathPart]
        var misses: [Miss]
    }

    private enum PathPart {
        case name(String)
        case index(Int)
    }

    /// The payload.
    ///
    /// - Throws: with every member that can't be made and the places where it was looked for, or where the payload would
    ///   be too large.
    static func payload(
        _ plan: PayloadPlan,
        _ context: EventContext,
        _ topic: ProfileTopic,
        _ variables: [Variable],
        _ limit: BodyLimit
    ) throws(RenderingError) -> JSONValue {
        var mapper = PayloadMapper(context, topic, variables, limit, nil)
        if let value = try mapper.value(plan) { return value }
        throw mapper.failure(of: "the payload")
    }

    /// A value outside of a payload, such as a member of an envelope.
    static func value(
        _ plan: PayloadPlan,
        named name: String,
        _ scope: BodyScope
    ) throws(RenderingError) -> JSONValue {
        var mapper = PayloadMapper(scope.context, scope.topic, scope.variables, scope.limit, scope)
        if let value = try mapper.value(plan) { return value }
        throw mapper.failure(of: "the envelope's member \(name)")
    }

    private init(
        _ context: EventContext,
        _ topic: ProfileTopic,
        _ variables: [Variable],
        _ limit: BodyLimit,
        _ scope: BodyScope?
    ) {
        self.scope = scope
        self.context = context
        self.topic = topic
        self.variables = variables
        self.limit = limit
    }

    /// The value of a plan; `nil` where it is not found.
    private mutating func value(_ plan: PayloadPlan) throws(RenderingError) -> JSONValue? {
        try step()
        switch plan {
        case .constant(let value):
            try count(value)
            return value
        case .reference(let reference, let conversions): return try referenced(reference, conversions)
        case .firstOf(let plans):
            let mark = failures.count
            for plan in plans {
                if let value = try value(plan) {
                    failures.removeSubrange(mark...)
                    return value
                }
                if isBroken { return nil }
            }
            return nil
        case .object(let members, let ownKeys): return try object(members, ownKeys)
        case .each(let list, let item): return try each(list, item)
        case .list(let plans):
            var items: [JSONValue] = []
            for plan in plans {
                if let value = try found(plan) { items.append(value) }
                if isBroken { return nil }
            }
            return .made(.array(items))
        case .join(let plans, let separator): return try join(plans, separator)
        case .lookup(let plan, let table):
            guard let value = try value(plan), let text = value.scalarText else { return nil }
            guard let constant = table[MemberKey(text)] else {
                note(plan, "is none of the known values")
                return nil
            }
            try count(constant)
            return constant
        case .conditional(let condition, let then, let otherwise):
            if try holds(condition) { return try value(then) }
            guard let otherwise else {
                misses.append(Miss(reference: condition.filter.subject, refusal: "does not meet the condition"))
                return nil
            }
            return try value(otherwise)
        }
    }

    /// Tells whether the event meets a condition. Within a list it is asked for each item, and looks once.
    private mutating func holds(_ condition: PayloadPlan.Condition) throws(RenderingError) -> Bool {
        let known = ObjectIdentifier(condition)
        if item != nil, let holds = judged[known] { return holds }
        let holds = condition.filter.accepts(context.event, data: try context.data())
        if item != nil { judged[known] = holds }
        return holds
    }

    /// The value of a plan that may be missing.
    private mutating func found(_ plan: PayloadPlan) throws(RenderingError) -> JSONValue? {
        let (missed, failed) = (misses.count, failures.count)
        let value = try value(plan)
        misses.removeSubrange(missed...)
        if !isBroken { failures.removeSubrange(failed...) }
        return value
    }

    private mutating func referenced(
        _ reference: EnvelopeReference,
        _ conversions: [PayloadConversion]
    ) throws(RenderingError) -> JSONValue? {
        guard var value = try lookUp(reference), !value.isNull else {
            misses.append(Miss(reference: reference, refusal: nil))
            return nil
        }
        for conversion in conversions {
            var digits: Int?
            if case .ofCode(let code)? = conversion.currency {
                digits = try lookUp(code)?.string.flatMap(CurrencyDigits.digits(ofCode:))
                guard digits != nil else {
                    misses.append(Miss(reference: code, refusal: "is no ISO 4217 code"))
                    return nil
                }
            }
            switch conversion.convert(value, currencyDigits: digits) {
            case .value(let next): value = next
            case .missing:
                misses.append(Miss(reference: reference, refusal: nil))
                return nil
            case .impossible:
                misses.append(Miss(reference: reference, refusal: conversion.refusal))
                return nil
            }
        }
        try count(value)
        return value
    }

    private func lookUp(_ reference: EnvelopeReference) throws(RenderingError) -> JSONValue? {
        switch reference {
        case .item(let path): item?.value(at: path)
        case .payload: try scope?.value(of: reference)
        default: try context.value(of: reference, topic, variables)
        }
    }

    private mutating func object(
        _ members: [PayloadPlan.Member],
        _ ownKeys: Set<MemberKey>
    ) throws(RenderingError) -> JSONValue? {
        var made: [JSONValue.Member] = []
        made.reserveCapacity(members.count)
        var taken = ownKeys
        var isWhole = true
        for member in members {
            switch member {
            case .value(let name, let isOptional, let plan):
                size += name.utf8.count + 4
                path.append(.name(name))
                if isOptional {
                    if let value = try found(plan) { made.append(JSONValue.Member(key: name, value: value)) }
                    path.removeLast()
                    if isBroken { return nil }
                    continue
                }
                let (missed, failed) = (misses.count, failures.count)
                if let value = try value(plan) {
                    made.append(JSONValue.Member(key: name, value: value))
                } else {
                    isWhole = false
                    // What is missing within has been noted with its own path.
                    if failures.count == failed {
                        failures.append(Failure(path: path, misses: Array(misses[missed...])))
                    }
                }
                path.removeLast()
                misses.removeSubrange(missed...)
            case .merge(let reference):
                guard let object = try lookUp(reference)?.object else {
                    isWhole = false
                    let miss = Miss(reference: reference, refusal: "is no object")
                    failures.append(Failure(path: path + [.name("...")], misses: [miss]))
                    continue
                }
                var kept: [JSONValue.Member] = []
                // From the end: of a key that stands there twice the last counts, as everywhere.
                for member in object.reversed() {
                    try step()
                    guard taken.insert(MemberKey(member.key)).inserted else { continue }
                    size += member.key.utf8.count + 4
                    try count(member.value)
                    kept.append(member)
                }
                made += kept.reversed()
            }
        }
        return isWhole ? .made(.object(made)) : nil
    }

    private mutating func each(_ list: PayloadPlan, _ plan: PayloadPlan) throws(RenderingError) -> JSONValue? {
        let before = size
        guard let value = try value(list) else { return nil }
        // The list itself does not go out.
        size = before
        guard let items = value.array else {
            note(list, "is no list")
            return nil
        }
        let outer = item
        defer { item = outer }
        var made: [JSONValue] = []
        for (index, next) in items.enumerated() {
            item = next
            path.append(.index(index))
            let (missed, failed) = (misses.count, failures.count)
            guard let result = try self.value(plan) else {
                if failures.count == failed {
                    failures.append(Failure(path: path, misses: Array(misses[missed...])))
                }
                path.removeLast()
                isBroken = true
                return nil
            }
            path.removeLast()
            misses.removeSubrange(missed...)
            made.append(result)
        }
        return .made(.array(made))
    }

    private mutating func join(_ plans: [PayloadPlan], _ separator: String) throws(RenderingError) -> JSONValue? {
        var text = ""
        var isEmpty = true
        // Constants alone are no text of the event's, unless there is nothing else.
        var isFound = plans.allSatisfy(\.isConstant)
        let failed = failures.count
        for plan in plans {
            guard let value = try value(plan), let part = value.scalarText, !part.isEmpty else {
                if isBroken { return nil }
                continue
            }
            if !plan.isConstant { isFound = true }
            if !isEmpty { text += separator }
            text += part
            isEmpty = false
            try limit.check(size + text.utf8.count)
        }
        failures.removeSubrange(failed...)
        return isEmpty || !isFound ? nil : .made(.string(text))
    }

    private mutating func note(_ plan: PayloadPlan, _ refusal: StaticString) {
        switch plan {
        case .reference(let reference, _): misses.append(Miss(reference: reference, refusal: refusal))
        case .firstOf(let plans): if let first = plans.first { note(first, refusal) }
        default: break
        }
    }

    private mutating func step() throws(RenderingError) {
        steps += 1
        if steps > limit.steps { throw limit.tooManySteps }
    }

    private mutating func count(_ value: JSONValue) throws(RenderingError) {
        switch value.kind {
        case .string(let text), .number(let text): size += text.utf8.count + 2
        default: size += value.hasSource ? value.range.count : 5
        }
        try limit.check(size)
    }

    // MARK: What is missing

    private func failure(of subject: String) -> RenderingError {
        let failures = failures.isEmpty ? [Failure(path: [], misses: misses)] : failures
        var parts = failures.prefix(Self.mostFailures).map(Self.text)
        if failures.count > Self.mostFailures { parts.append("and \(failures.count - Self.mostFailures) more") }
        return RenderingError(
            "\(subject) of \(context.event.topic) can't be made of this event: " + parts.joined(separator: "; ")
        )
    }

    private static let mostFailures = 20

    private static func text(_ failure: Failure) -> String {
        var name = ""
        for part in failure.path {
            switch part {
            case .name(let text): name += name.isEmpty ? text : ".\(text)"
            case .index(let index): name += "[\(index)]"
            }
        }
        let refused = failure.misses.compactMap { miss in miss.refusal.map { "\(miss.reference.path) \($0)" } }
        let absent = failure.misses.filter { $0.refusal == nil }.map(\.reference.path)
        var reasons: [String] = []
        if !absent.isEmpty { reasons.append("there is no \(absent.joined(separator: " and no "))") }
        reasons += refused
        let reason = reasons.isEmpty ? "nothing is found" : reasons.joined(separator: ", ")
        return name.isEmpty ? reason : "\(name): \(reason)"
    }
}

extension PayloadPlan {
    fileprivate var isConstant: Bool { if case .constant = self { true } else { false } }
}

extension Filter {
    /// The value that the first condition is about.
    fileprivate var subject: EnvelopeReference {
        switch entries.first?.path.first {
        case "topic": .topic
        case "id": .id
        case "tenant": .tenant
        case "test": .test
        default: .data(path: Array(entries.first?.path.dropFirst() ?? []))
        }
    }
}
