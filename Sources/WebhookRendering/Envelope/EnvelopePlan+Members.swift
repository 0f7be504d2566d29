internal import WebhookCore

extension EnvelopePlan {
    /// The envelope as a tree, for the content types that are not JSON.
    func tree(_ facts: EventFacts) throws(RenderingError) -> [JSONValue.Member] {
        try tree(of: members, facts)
    }

    private func tree(
        of members: [EnvelopeMember],
        _ facts: EventFacts
    ) throws(RenderingError) -> [JSONValue.Member] {
        let names = members.ownKeys
        var merged: [EnvelopeReference] = []
        var output: [JSONValue.Member] = []
        for member in members {
            let value: JSONValue
            switch member.value {
            case .literal(let text): value = try literal(text, of: member)
            case .reference(let reference): value = try facts.value(of: reference, in: topic) ?? .made(.null)
            case .firstOf(let references): value = try facts.first(of: references, in: topic)
            case .object(let nested): value = .made(.object(try tree(of: nested, facts)))
            case .merge(let reference):
                let taken = try names.union(keys(of: merged, facts))
                output += try facts.members(of: reference, in: topic).filter { !taken.contains(MemberKey($0.key)) }
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
