internal import WebhookCore

/// Warns of paths of a profile's `body` that the data of none of its topics can have: such a member is null in every request.
struct EnvelopePathCheck {
    let problems: Problems
    let canonical: CanonicalEvents

    func check(_ body: ConfigNode, _ topics: [ProfileTopic]) {
        switch body.value {
        case .mapping(let members): for member in members { check(member.value, topics) }
        case .sequence(let items): for item in items { check(item, topics) }
        case .scalar(let text, _):
            guard let reference = EnvelopeReference(dollar: String(text.prefix { $0 != " " && $0 != "|" })),
                case .data(let path) = reference, !path.isEmpty
            else { return }
            check(path, body.place, topics)
        case .null: break
        }
    }

    private func check(_ path: [String], _ place: SourcePlace, _ topics: [ProfileTopic]) {
        var first: String?
        for topic in topics {
            let found = canonical.problem(path, of: topic.topic, own: topic.fields, for: problems.audience)
            guard let problem = found else { return }
            first = first ?? problem
        }
        guard let first else { return }
        let others = topics.count > 1 ? ", nor do those of the profile's other topics" : ""
        problems.warning(place, first + others)
    }
}
