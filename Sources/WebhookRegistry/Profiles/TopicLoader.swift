internal import WebhookCore

/// `topics:` of a profile.
struct TopicLoader {
    private static let keys = [
        "topic", "title", "trigger", "documented", "note", "wire", "keys", "fields", "payload", "example",
    ]

    let problems: Problems
    /// True when the profile knows every topic, by its entry `**`.
    let anyTopic: Bool
    /// The profile's envelope; `nil` where it has templates, or none that could be read.
    let envelope: [EnvelopeMember]?
    let fields: FieldLoader
    /// The events that mappings start from.
    let canonical: CanonicalEvents

    func load(_ section: Section) -> [ProfileTopic] {
        guard let items = section.items("topics") else { return [] }
        var places: [String: SourcePlace] = [:]
        var topics: [ProfileTopic] = []
        for item in items {
            guard let entry = Section(item, "a topic", keys: Self.keys, problems: problems),
                let topic = topic(entry)
            else { continue }
            if let first = places.updateValue(entry.place, forKey: topic.topic) {
                problems.error(
                    entry.place,
                    "the topic \(topic.topic) stands here again; the first is in line \(first.line)"
                )
            }
            topics.append(topic)
        }
        let place = section.keyPlace("topics") ?? section.place
        if items.isEmpty {
            problems.error(place, "`topics` needs at least one")
        } else if anyTopic, topics.count == items.count, places[ProfileTopic.anyName] == nil {
            problems.error(place, "a profile with `anyTopic` needs the topic \"**\"")
        }
        return topics
    }

    private func topic(_ entry: Section) -> ProfileTopic? {
        for key in ["topic", "title", "trigger", "documented", "example"] { entry.require(key) }
        let wire = wire(entry)
        let keys = keys(entry)
        let fields = fields.fields(entry)
        checkWireNames(wire, keys, at: entry.place)
        guard let name = entry.text("topic") else { return nil }
        guard Topic.isValid(name.value) || anyTopic && name.value == ProfileTopic.anyName else {
            problems.error(name.place, TopicPatternRules.grammar)
            return nil
        }
        var topic = ProfileTopic(
            topic: name.value,
            title: entry.text("title")?.value ?? name.value,
            trigger: entry.text("trigger")?.value ?? "",
            isDocumented: entry.bool("documented")?.value ?? false,
            note: entry.text("note")?.value,
            wire: wire,
            keys: keys,
            fields: fields,
            example: example(entry)
        )
        topic.payload = payload(entry, topic)
        checkExample(entry, topic)
        return topic
    }

    private func payload(_ entry: Section, _ topic: ProfileTopic) -> PayloadValue? {
        guard let node = entry.container("payload"), let place = entry.keyPlace("payload") else { return nil }
        if node.isEmpty {
            problems.error(place, "`payload` says nothing; without it the event's data are passed on as they stand")
            return nil
        }
        if topic.fields.isEmpty {
            problems.error(
                place,
                "`payload` needs `fields`: they tell the platform's own data from what is to be mapped"
            )
        } else if let envelope, !envelope.flatMap(\.value.references).contains(where: \.isPayload) {
            problems.error(place, "this mapping does nothing: `body` does not ask for $payload")
        }
        var loader = PayloadLoader(problems: problems, wire: topic.wire, variables: nil)
        loader.expectedValues = { [canonical] path in
            let fields = [canonical.topic(topic.topic)?.fields ?? [], topic.fields]
            return fields.flatMap { FieldPath.values(at: path, in: $0) }
        }
        loader.pathProblem = { [canonical, audience = problems.audience] in
            canonical.problem($0, of: topic.topic, own: topic.fields, for: audience)
        }
        return loader.load(node)
    }

    /// Checks that the example, which goes out, is what the fields say.
    private func checkExample(_ entry: Section, _ topic: ProfileTopic) {
        guard !topic.fields.isEmpty, let place = entry.keyPlace("example") else { return }
        for violation in FieldChecker.violations(of: topic.example, topic.fields) {
            problems.error(place, "the example contradicts `fields`: \(violation)")
        }
    }

    private func wire(_ entry: Section) -> [WireName] {
        guard let node = entry.container("wire") else { return [] }
        guard case .mapping(let members) = node.value else {
            return entry.read.fail(node, "`wire` must be a mapping of texts") ?? []
        }
        return members.compactMap { member in
            entry.read.text(member.value, "a wire name").map { WireName(key: member.key, value: $0.value) }
        }
    }

    /// The members of the envelope that the topic has.
    private func keys(_ entry: Section) -> [String]? {
        guard let items = entry.items("keys") else { return nil }
        let names = items.compactMap { entry.read.text($0, "a key") }
        let known = envelope?.map(\.name) ?? []
        // What a merge brings in is known only with the data.
        if envelope != nil, !known.contains("...") {
            for name in names where !known.contains(name.value) {
                problems.error(name.place, "`body` has no such member; it has \(Suggestion.list(known))")
            }
        }
        return names.map(\.value)
    }

    /// Every wire name that the envelope asks for must be there.
    private func checkWireNames(_ wire: [WireName], _ keys: [String]?, at place: SourcePlace) {
        var reported: Set<String> = []
        for member in envelope ?? [] where keys?.contains(member.name) ?? true {
            for key in member.value.wireKeys where !wire.contains(where: { $0.key == key }) {
                guard reported.insert(key).inserted else { continue }
                let near = Suggestion.nearest(to: key, in: wire.map(\.key)).map { "; did you mean `\($0)`?" } ?? ""
                problems.error(place, "the topic has no wire name `\(key)`, which `body` asks for\(near)")
            }
        }
    }

    private func example(_ entry: Section) -> JSONValue {
        let text = entry.container("example")?.json ?? "null"
        let document = ByteString(text)
        // The text was made of a tree no deeper than the parser allows; should it refuse, null stands in.
        return (try? JSON.parse(document)) ?? JSONValue(kind: .null, document: "null", range: 0..<4)
    }
}
