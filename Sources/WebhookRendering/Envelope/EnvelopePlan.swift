internal import WebhookCore

/// A profile's envelope for one topic, prepared: everything that no event changes is already text.
struct EnvelopePlan: Sendable {
    /// A step of writing the envelope as JSON.
    enum Segment: Sendable {
        case bytes([UInt8])
        /// A comma, if something precedes in the same object.
        case comma
        case reference(EnvelopeReference)
        case firstOf([EnvelopeReference])
        /// A member's value that is made by a mapping.
        case mapped(name: String, PayloadPlan)
        /// The members of an object but for some keys, and but for those that earlier merges brought.
        case merge(EnvelopeReference, excluding: Set<MemberKey>, after: [EnvelopeReference])
    }

    let topic: ProfileTopic
    /// The members that the topic keeps, wire names put in.
    let members: [EnvelopeMember]
    /// The steps in order.
    let segments: [Segment]
    /// The mappings of members, prepared.
    private let mapped: [PayloadValue: PayloadPlan]

    /// Prepares an envelope for a topic.
    ///
    /// - Parameter isList: whether the JSON is a list that holds the one envelope.
    /// - Throws: where the envelope names a wire name that the topic lacks, or holds a literal that is not JSON.
    init(_ envelope: [EnvelopeMember], for topic: ProfileTopic, isList: Bool = false) throws(RenderingError) {
        self.topic = topic
        var members = envelope
        if let keys = topic.keys {
            let kept = Set(keys)
            members = members.filter { $0.isMerge || kept.contains($0.name) }
        }
        var mapped: [PayloadValue: PayloadPlan] = [:]
        self.members = try Self.resolve(members, for: topic, &mapped)
        self.mapped = mapped
        var compiler = SegmentCompiler(mapped: mapped)
        if isList { compiler.append("[") }
        compiler.object(self.members)
        if isList { compiler.append("]") }
        segments = compiler.finish()
    }

    /// Prepares a body that is a value of the event, with nothing around it.
    init(whole reference: EnvelopeReference, for topic: ProfileTopic) {
        self.topic = topic
        members = []
        mapped = [:]
        segments = [.reference(reference)]
    }

    /// Puts wire names in and checks literals.
    private static func resolve(
        _ members: [EnvelopeMember],
        for topic: ProfileTopic,
        _ mapped: inout [PayloadValue: PayloadPlan]
    ) throws(RenderingError) -> [EnvelopeMember] {
        var resolved: [EnvelopeMember] = []
        for var member in members {
            switch member.value {
            case .reference(.wire(let key)):
                guard let name = topic.wireName(key) else {
                    throw RenderingError("the topic \(topic.topic) has no wire name \(key)")
                }
                member.value = .literal(JSON.string(name))
            case .literal(let text):
                let bytes = ByteString(text)
                do {
                    _ = try JSON.validate(bytes)
                } catch {
                    throw RenderingError("the literal of the envelope's member \(member.name) is not JSON: \(error)")
                }
            case .object(let nested):
                member.value = .object(try resolve(nested, for: topic, &mapped))
            case .mapped(let value):
                mapped[value] = try PayloadPlan(value, for: topic)
            case .reference, .firstOf, .merge:
                break
            }
            resolved.append(member)
        }
        return resolved
    }
}

/// Turns members into segments, joining what is constant.
private struct SegmentCompiler {
    private let mapped: [PayloadValue: PayloadPlan]
    private var segments: [EnvelopePlan.Segment] = []
    private var constant: [UInt8] = []

    init(mapped: [PayloadValue: PayloadPlan]) {
        self.mapped = mapped
    }

    mutating func append(_ text: String) { constant.append(contentsOf: text.utf8) }

    mutating func object(_ members: [EnvelopeMember]) {
        constant.append(UInt8(ascii: "{"))
        let hasMerge = members.contains(where: \.isMerge)
        let names = members.ownKeys
        var merged: [EnvelopeReference] = []
        for (index, member) in members.enumerated() {
            if case .merge(let reference) = member.value {
                emit(.merge(reference, excluding: names, after: merged))
                merged.append(reference)
                continue
            }
            if index > 0 {
                if hasMerge { emit(.comma) } else { constant.append(UInt8(ascii: ",")) }
            }
            JSON.appendString(member.name, to: &constant)
            constant.append(UInt8(ascii: ":"))
            value(member)
        }
        constant.append(UInt8(ascii: "}"))
    }

    private mutating func value(_ member: EnvelopeMember) {
        switch member.value {
        case .literal(let text): constant.append(contentsOf: text.utf8)
        case .reference(let reference): emit(.reference(reference))
        case .firstOf(let references): emit(.firstOf(references))
        case .object(let members): object(members)
        case .mapped(let value): if let plan = mapped[value] { emit(.mapped(name: member.name, plan)) }
        case .merge: break  // Only as a member, see above.
        }
    }

    private mutating func emit(_ segment: EnvelopePlan.Segment) {
        flush()
        segments.append(segment)
    }

    private mutating func flush() {
        if !constant.isEmpty { segments.append(.bytes(constant)) }
        constant = []
    }

    mutating func finish() -> [EnvelopePlan.Segment] {
        flush()
        return segments
    }
}

/// A member's name, compared by its bytes: Swift takes canonically equivalent texts for equal, JSON doesn't.
struct MemberKey: Sendable, Hashable {
    private let bytes: [UInt8]

    init(_ name: String) {
        bytes = Array(name.utf8)
    }
}

extension [EnvelopeMember] {
    /// The names that the envelope itself gives; what is merged must not repeat them.
    var ownKeys: Set<MemberKey> { Set(filter { !$0.isMerge }.map { MemberKey($0.name) }) }
}

extension EnvelopeMember {
    /// True when the member stands for the members of another object.
    var isMerge: Bool { if case .merge = value { true } else { false } }
}

extension EnvelopePlan {
    /// The envelope as a tree: for the content types that are not JSON, and to compare it with the catalogue.
    func tree(_ scope: BodyScope) throws(RenderingError) -> [JSONValue.Member] {
        if let made = scope.envelope { return made }
        let made = try tree(of: members, scope)
        scope.envelope = made
        return made
    }

    /// The places where what the envelope picks out of the data differs from the topic's fields.
    ///
    /// Fields that the envelope has no member for are no part of the body.
    func violations(_ scope: BodyScope) throws(RenderingError) -> [String] {
        guard topic.hasSchema else { return [] }
        let others = Set(members.filter { !$0.value.picksData }.map { MemberKey($0.name) })
        let picked = try tree(scope).filter { !others.contains(MemberKey($0.key)) }
        let names = Set(picked.map { MemberKey($0.key) })
        // What a merge brings in is known only with the data.
        let hasMerge = members.contains(where: \.isMerge)
        let fields = topic.fields.filter { hasMerge || names.contains(MemberKey($0.name)) }
        return FieldChecker.violations(of: .made(.object(picked)), fields)
    }

    private func tree(
        of members: [EnvelopeMember],
        _ scope: BodyScope
    ) throws(RenderingError) -> [JSONValue.Member] {
        let names = members.ownKeys
        var merged: [EnvelopeReference] = []
        var output: [JSONValue.Member] = []
        for member in members {
            let value: JSONValue
            switch member.value {
            case .literal(let text): value = try literal(text, of: member)
            case .reference(let reference): value = try scope.value(of: reference) ?? .made(.null)
            case .firstOf(let references): value = try scope.first(of: references)
            case .object(let nested): value = .made(.object(try tree(of: nested, scope)))
            case .mapped(let mapping):
                guard let plan = mapped[mapping] else { continue }
                value = try PayloadMapper.value(plan, named: member.name, scope)
            case .merge(let reference):
                let taken = try names.union(keys(of: merged, scope))
                output += try scope.members(of: reference).filter { !taken.contains(MemberKey($0.key)) }
                merged.append(reference)
                continue
            }
            output.append(JSONValue.Member(key: member.name, value: value))
        }
        return output
    }

    private func literal(_ text: String, of member: EnvelopeMember) throws(RenderingError) -> JSONValue {
        do {
            return try JSON.parse(ByteString(text))
        } catch {
            throw RenderingError("the literal of the envelope's member \(member.name) is not JSON: \(error)")
        }
    }
}
