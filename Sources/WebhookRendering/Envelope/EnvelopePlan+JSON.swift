internal import WebhookCore

extension EnvelopePlan {
    /// The envelope as JSON. The data is parsed only where the envelope asks for a part of it.
    ///
    /// - Throws: where a required value is missing, or the body would exceed the limit.
    func json(_ context: EventContext, _ limit: BodyLimit) throws(RenderingError) -> ByteString {
        var builder = BodyBuilder()
        for segment in segments {
            switch segment {
            case .bytes(let bytes): builder.append(bytes)
            case .comma: builder.appendComma()
            case .reference(let reference): try append(reference, context, to: &builder)
            case .firstOf(let references): builder.append(try context.first(of: references, in: topic))
            case .merge(let reference, let excluded, let earlier):
                let taken = try excluded.union(keys(of: earlier, context))
                for member in try context.members(of: reference, in: topic) where !taken.contains(MemberKey(member.key))
                {
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
        _ context: EventContext,
        to builder: inout BodyBuilder
    ) throws(RenderingError) {
        let event = context.event
        switch reference {
        case .id: builder.append(string: event.id)
        case .topic: builder.append(string: event.topic)
        case .test: builder.append(ascii: event.isTest ? "true" : "false")
        case .data(let path) where path.isEmpty: builder.append(event.data, 0..<event.data.count)
        case .tenant, .data, .occurredAt, .wire:
            builder.append(try context.value(of: reference, in: topic) ?? .made(.null))
        }
    }

    /// The key as it is written in the data, escapes included.
    private func append(key member: JSONValue.Member, to builder: inout BodyBuilder) {
        guard member.value.hasSource else { return builder.append(string: member.key) }
        let document = member.value.document
        let end = document.withUnsafeBytes { bytes in
            var index = member.keyOffset + 1
            while bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
            return index + 1
        }
        builder.append(document, member.keyOffset..<end)
    }

    /// The keys that earlier merges of the same object brought.
    func keys(of earlier: [EnvelopeReference], _ context: EventContext) throws(RenderingError) -> Set<MemberKey> {
        var keys: Set<MemberKey> = []
        for reference in earlier {
            keys.formUnion(try context.members(of: reference, in: topic).map { MemberKey($0.key) })
        }
        return keys
    }
}
