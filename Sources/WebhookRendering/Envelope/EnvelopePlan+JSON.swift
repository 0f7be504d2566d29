internal import WebhookCore

extension EnvelopePlan {
    /// The envelope as JSON. The data is parsed only where the envelope asks for a part of it.
    ///
    /// - Throws: where a required value is missing, or the body would exceed the limit.
    func json(_ scope: BodyScope) throws(RenderingError) -> ByteString {
        let limit = scope.limit
        var builder = BodyBuilder()
        for segment in segments {
            switch segment {
            case .bytes(let bytes): builder.append(bytes)
            case .comma: builder.appendComma()
            case .reference(let reference): try append(reference, scope, to: &builder)
            case .firstOf(let references): builder.append(try scope.first(of: references))
            case .mapped(let name, let plan):
                builder.append(try PayloadMapper.value(plan, named: name, scope))
            case .merge(let reference, let excluded, let earlier):
                let taken = try excluded.union(keys(of: earlier, scope))
                for member in try scope.members(of: reference) where !taken.contains(MemberKey(member.key)) {
                    builder.appendComma()
                    append(key: member, to: &builder)
                    builder.append(ascii: ":")
                    builder.append(member.value)
                    try limit.check(builder.count)
                }
            }
            // Long parts are only noted so far, so that what is refused was never copied.
            try limit.check(builder.count)
        }
        return builder.finish()
    }

    private func append(
        _ reference: EnvelopeReference,
        _ scope: BodyScope,
        to builder: inout BodyBuilder
    ) throws(RenderingError) {
        let context = scope.context
        switch reference {
        case .id: builder.append(string: context.event.id)
        case .topic: builder.append(string: context.event.topic)
        case .test: builder.append(ascii: context.event.isTest ? "true" : "false")
        case .data(let path) where path.isEmpty: append(context.event.data, to: &builder)
        case .payload(let path) where path.isEmpty:
            if let made = try scope.payload().made {
                builder.append(made)
            } else {
                append(context.event.data, to: &builder)
            }
        case .tenant, .data, .payload, .occurredAt, .wire, .vars, .item:
            builder.append(try scope.value(of: reference) ?? .made(.null))
        }
    }

    private func append(_ data: ByteString, to builder: inout BodyBuilder) { builder.append(data, 0..<data.count) }

    /// The key as it is written in the data, escapes included.
    private func append(key member: JSONValue.Member, to builder: inout BodyBuilder) {
        guard member.value.hasSource, member.keyOffset >= 0 else { return builder.append(string: member.key) }
        let document = member.value.document
        let end = document.withUnsafeBytes { bytes in
            var index = member.keyOffset + 1
            while bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
            return index + 1
        }
        builder.append(document, member.keyOffset..<end)
    }

    /// The keys that earlier merges of the same object brought.
    func keys(of earlier: [EnvelopeReference], _ scope: BodyScope) throws(RenderingError) -> Set<MemberKey> {
        var keys: Set<MemberKey> = []
        for reference in earlier {
            keys.formUnion(try scope.members(of: reference).map { MemberKey($0.key) })
        }
        return keys
    }
}
