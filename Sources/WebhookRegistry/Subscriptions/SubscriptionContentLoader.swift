internal import WebhookCore

/// Reads what a subscription sends by topic, and judges paths by the topics that it takes.
struct SubscriptionContentLoader {
    let problems: Problems
    let catalog: ProfileCatalog
    let slips: TopicSlips
    let limits: FilterLimits

    /// `payload:` → mappings.
    func payloads(_ entry: SubscriptionEntry, _ subscription: Subscription) -> [TopicPayload] {
        guard !entry.payloads.isEmpty else { return [] }
        if entry.bodyPlace == nil, subscription.profile.body.references?.contains(where: \.isPayload) == false {
            let message =
                "`payload` does nothing here: the `body` of profile \(subscription.profile.name) does not ask for $payload"
            problems.error(entry.payloads[0].pattern.place, message)
        }
        let canonical = CanonicalEvents(catalog)
        guard subscription.topics.isEmpty || isByTopic(entry.payloads, SubscribedTopics(subscription, canonical)) else {
            let message =
                "`payload` is by topic, and no topic of this subscription matches `\(entry.payloads[0].pattern.value)`; "
                + "one for every topic is payload: { \"**\": { … } }"
            problems.error(entry.payloads[0].pattern.place, message)
            return []
        }
        return entry.payloads.compactMap { pattern, node in
            guard !node.isEmpty else {
                let message =
                    "`payload` says nothing for `\(pattern.value)`; $data passes the event's data on as they stand"
                problems.error(pattern.place, message)
                return nil
            }
            let topics = subscription.profile.topics.filter {
                $0.topic == ProfileTopic.anyName || pattern.value.matches($0.topic)
            }
            let names = knownTopics(canonical, pattern.value, subscription)
            var loader = PayloadLoader(
                problems: problems,
                wire: Self.commonNames(topics),
                variables: subscription.variables
            )
            loader.unknownPath = .warning
            loader.pathProblem = { [audience = problems.audience] path in
                let found = names.map { name in
                    let own = subscription.profile.topic(name)?.fields ?? []
                    return canonical.problem(path, of: name, own: own, for: audience)
                }
                // One that knows the path is enough, and so is one about which nothing is known.
                return found.contains { $0 == nil } ? nil : found.first ?? nil
            }
            loader.expectedValues = { path in
                let topics = names.flatMap { [canonical.topic($0), subscription.profile.topic($0)] }
                return topics.compactMap { $0 }.filter(\.hasSchema).flatMap {
                    FieldPath.values(at: path, in: $0.fields)
                }
            }
            guard let value = loader.load(node) else { return nil }
            if let problem = limits.problem(value.filterSize, of: "the filters of a mapping have") {
                problems.error(pattern.place, problem)
            }
            let (file, line, column) = (pattern.place.file, pattern.place.line, pattern.place.column)
            let isInFile = file != DraftComposer.file
            return TopicPayload(pattern: pattern.value, value: value, place: isInFile ? (file, line, column) : nil)
        }
    }

    /// Tells whether the keys of a `payload` are topics, and not the members of one payload for all.
    private func isByTopic(_ payloads: [(pattern: Located<TopicPattern>, node: ConfigNode)], _ topics: SubscribedTopics)
        -> Bool
    {
        payloads.contains { pattern, node in
            if topics.names.contains(where: { pattern.value.matches($0) }) { return true }
            guard topics.isOpen else { return false }
            // Any name may be a topic; what would be sent tells more.
            if pattern.value.hasWildcard || pattern.value.description.contains(".") { return true }
            switch node.value {
            case .mapping: return true
            case .scalar(let text, _): return text == "$data"
            case .sequence, .null: return false
            }
        }
    }

    /// Warns of patterns that can never be asked for: slips in `topics` under a profile that takes any, and entries of `body`
    /// and `payload` that no topic of the subscription matches, or that an earlier entry stands before.
    func warnOfUnusedPatterns(_ entry: SubscriptionEntry, _ subscription: Subscription) {
        if subscription.profile.anyTopic {
            let listed = subscription.profile.topics.map(\.topic).filter { $0 != ProfileTopic.anyName }
            for topic in entry.topics where !listed.contains(where: { topic.value.matches($0) }) {
                guard let near = slips.meant(by: topic.value) else { continue }
                problems.warning(topic.place, "no profile lists `\(topic.value)`; did you mean `\(near)`?")
            }
        }
        guard !(entry.topicBodies.isEmpty && entry.payloads.isEmpty) else { return }
        let topics = SubscribedTopics(subscription, CanonicalEvents(catalog))
        let payloads = isByTopic(entry.payloads, topics) ? entry.payloads.map(\.pattern) : []
        for patterns in [entry.topicBodies.map(\.pattern), payloads] {
            var earlier: [Located<TopicPattern>] = []
            for pattern in patterns {
                let wanted = topics.names.filter { pattern.value.matches($0) }
                let cover = earlier.first { $0.value.covers(pattern.value) }
                if let cover {
                    let line = "`\(cover.value)` in line \(cover.place.line)"
                    problems.warning(pattern.place, "`\(pattern.value)` is never used: \(line) stands before it")
                } else if wanted.isEmpty, !topics.isOpen {
                    problems.warning(pattern.place, "no topic of this subscription matches `\(pattern.value)`")
                } else if wanted.isEmpty, let near = slips.meant(by: pattern.value) {
                    problems.warning(pattern.place, "no profile lists `\(pattern.value)`; did you mean `\(near)`?")
                } else if wanted.isEmpty, !pattern.value.description.contains("."), !pattern.value.hasWildcard {
                    let message =
                        "`\(pattern.value)` is read as a topic, which no profile lists and `topics` does not name"
                    problems.warning(pattern.place, message)
                } else if !topics.isOpen,
                    wanted.allSatisfy({ name in earlier.contains { $0.value.matches(name) } })
                {
                    let message = "`\(pattern.value)` is never used: entries before it match all that it could"
                    problems.warning(pattern.place, message)
                }
                earlier.append(pattern)
            }
        }
    }

    /// Warns where `schema: enforce` has nothing to compare.
    func warnOfUndescribedTopics(_ subscription: Subscription, _ place: SourcePlace?) {
        guard subscription.schema == .enforce, let place else { return }
        let topics = SubscribedTopics(subscription, CanonicalEvents(catalog))
        let undescribed = subscription.topics.flatMap { pattern -> [String] in
            let names = topics.names.filter { pattern.matches($0) }
            if names.isEmpty { return [pattern.description] }
            return names.filter { !topics.isDescribed($0) }
        }
        guard !undescribed.isEmpty else { return }
        let shown = Suggestion.list(undescribed.prefix(5)) + (undescribed.count > 5 ? ", …" : "")
        problems.warning(place, "`schema: enforce` has nothing to compare for \(shown): no profile lists its fields")
    }

    /// Warns of a filter's path that no topic of the subscription has, and of a value that can't stand there, as far as the
    /// catalogue knows them.
    func warnOfFilter(_ filter: ConfigNode?, _ subscription: Subscription) {
        guard let filter, case .mapping(let members) = filter.value else { return }
        let topics = SubscribedTopics(subscription, CanonicalEvents(catalog))
        warnOfUnknownPaths(members, topics, subscription)
        let check = FilterTypeCheck(problems: problems) { path in
            switch path.first {
            case "data": path.count > 1 ? topics.values(at: Array(path.dropFirst())) : []
            case "topic": [.text(topics.isOpen ? [] : topics.names)]
            case "tenant": [.text(subscription.allTenants)]
            case "id": [.text([])]
            case "test": [ExpectedValue(type: .boolean(constant: nil), isNullable: false)]
            default: []
            }
        }
        check.check(members)
    }

    private func warnOfUnknownPaths(
        _ members: [ConfigNode.Member],
        _ topics: SubscribedTopics,
        _ subscription: Subscription
    ) {
        let paths = Self.paths(members).filter { $0.path.first == "data" && $0.path.count > 1 }
        let canonical = CanonicalEvents(catalog)
        let own = topics.names.flatMap { [canonical.topic($0), subscription.profile.topic($0)] }
        for (path, place) in paths where !isKnown(path, own) {
            // The event may be in any platform's dialect.
            let others = topics.names.map { name in catalog.all().compactMap { $0.topics.first { $0.topic == name } } }
            // Of a topic that no profile lists nobody knows the data.
            guard topics.isOpen || others.allSatisfy({ !$0.isEmpty }), !others.contains(where: { isKnown(path, $0) })
            else { continue }
            let fields = others.flatMap { $0 }.map(\.fields)
            let near = fields.lazy.compactMap { FieldPath.suggestion(for: Array(path.dropFirst()), in: $0) }.first
            // Where any topic may come, only a slip is worth a word.
            if topics.isOpen, near == nil { continue }
            let shown = path.allSatisfy(KeyText.isPlain) ? "`\(path.joined(separator: "."))`" : "this path"
            let message = "no topic of this subscription is known to have \(shown)"
            let advised = near.map { "\(message); did you mean `data.\($0)`?" }
            problems.warning(place, advised ?? Remedy.showTopic(nil).text(after: message, for: problems.audience))
        }
    }

    private func isKnown(_ path: [String], _ topics: [ProfileTopic?]) -> Bool {
        let path = Array(path.dropFirst())
        return topics.contains { topic in
            guard let topic, topic.topic != ProfileTopic.anyName else { return false }
            let isListed = !topic.fields.isEmpty && FieldPath.isKnown(path, in: topic.fields)
            return isListed || topic.example.value(at: path) != nil
        }
    }

    private static func paths(_ members: [ConfigNode.Member]) -> [(path: [String], place: SourcePlace)] {
        members.flatMap { member -> [(path: [String], place: SourcePlace)] in
            switch (member.key, member.value.value) {
            case ("any", .sequence(let items)):
                items.flatMap { item -> [(path: [String], place: SourcePlace)] in
                    if case .mapping(let inner) = item.value { paths(inner) } else { [] }
                }
            case ("not", .mapping(let inner)): paths(inner)
            default: [(member.key.split(separator: ".").map(String.init), member.place)]
            }
        }
    }

    /// The topics with a canonical event that a pattern could be asked for.
    private func knownTopics(
        _ canonical: CanonicalEvents,
        _ pattern: TopicPattern,
        _ subscription: Subscription
    ) -> [String] {
        let listed = subscription.profile.topics.map(\.topic) + (canonical.names())
        let literals = [pattern].filter { !$0.hasWildcard }.map(\.description)
        return Array(Set(listed.filter { pattern.matches($0) && $0 != ProfileTopic.anyName } + literals)).sorted()
    }

    /// The wire names that every topic has.
    private static func commonNames(_ topics: [ProfileTopic]) -> [WireName] {
        guard let first = topics.first else { return [] }
        return first.wire.filter { name in topics.allSatisfy { $0.wireName(name.key) != nil } }
    }
}

extension ExpectedValue {
    /// A text, one of a list where there is one.
    fileprivate static func text(_ values: [String]) -> ExpectedValue {
        ExpectedValue(type: .string(format: nil, values: values, constant: nil), isNullable: false)
    }
}
