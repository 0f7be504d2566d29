package import WebhookCore

/// Finds what would fail at delivery beforehand, with the profiles' examples.
package enum TemplateChecker {
    /// Checks a subscription: its body's template compiles, the example of every topic that it takes renders well-formed,
    /// and its headers and signature can be made.
    ///
    /// A custom body is named as the configuration names it, a profile's as `PROFILE/profile.json` or by the template's
    /// name. A name in a custom body that no example provides is a warning with its place. What concerns the
    /// subscription's secrets and headers has `subscription NAME` as its file.
    ///
    /// - Parameters:
    ///   - maxBody: the most bytes of a body; see ``DispatcherSettings/maxBody``.
    ///   - canonical: the topics of the canonical event, which a host is advised to emit and mappings start from.
    package static func check(
        subscription: Subscription,
        maxBody: Int = DispatcherSettings.standardMaxBody,
        canonical: [ProfileTopic] = []
    ) -> [Diagnostic] {
        let profile = subscription.profile
        let topics = profile.topics.flatMap { examples(of: $0, subscription, canonical) }
        var problems: [Diagnostic] = []
        // The bodies that use what the generic example, which nobody's topic is like, doesn't have.
        var beyondGeneric: Set<String> = []
        for body in subscription.bodies {
            let taken = topics.filter { subscription.body(for: $0.name) == body }
            do {
                let template = try CompiledTemplate(body)
                problems += unprovided(in: template, taken, subscription)
                let generic = taken.filter(\.isGeneric)
                if !lookup(in: template, generic, subscription).missing.isEmpty { beyondGeneric.insert(body.name) }
            } catch {
                problems.append(problem(in: body, error))
            }
        }
        guard problems.allSatisfy({ $0.severity == .warning }) else { return problems }
        let renderer = WebhookRenderer(subscriptions: [subscription], maxBody: maxBody, canonical: canonical)
        let rendered = topics.map { ($0, renderer.render($0.event, for: [subscription])) }
        let rendering = Set(rendered.filter { (try? $0.1.renderedBodies.first?.get()) != nil }.map(\.0.name))
        // Which of a great many topics a host emits under such a profile, and what, is the host's own affair.
        let isAnyTopic = rendered.count > 1 && rendered.allSatisfy { $0.0.topic.topic == ProfileTopic.anyName }
        var unfit: [String: [(example: Example, problem: Diagnostic)]] = [:]
        for (example, result) in rendered {
            let body = subscription.body(for: example.name)
            let file = body?.name ?? profileFile(profile)
            if case .failure(let error)? = result.renderedBodies.first {
                var problem = failure(file, example, error)
                // What is ill-formed is the outcome of the template as a whole; its beginning stands for that.
                if body != nil {
                    (problem.line, problem.column) = (1, 1)
                    // A host emits the canonical event or the platform's own, and the body is written for that one.
                    let isBeyond = example.isGeneric && beyondGeneric.contains(file)
                    if rendering.contains(example.name) || isBeyond { problem.severity = .warning }
                }
                // The host may emit something else than the catalogue's example.
                if let mapping = subscription.topicPayloads.first(where: { $0.pattern.matches(example.name) }) {
                    problem.severity = .warning
                    problem.file = "subscription \(subscription.name)"
                    problem.move(to: mapping)
                }
                if isAnyTopic, body != nil {
                    unfit[file, default: []].append((example, problem))
                } else {
                    problems.append(problem)
                }
            }
            for finding in result.findings {
                let message = "the payload of \(finding.topic) does not fit the catalogue: "
                var problem = Diagnostic(
                    .warning,
                    file: "subscription \(subscription.name)",
                    message: message + finding.violations.joined(separator: "; ")
                )
                if let mapping = subscription.topicPayloads.first(where: { $0.pattern.matches(example.name) }) {
                    problem.move(to: mapping)
                }
                problems.append(problem)
            }
        }
        for (file, failures) in unfit.sorted(by: { $0.key < $1.key }) {
            guard var problem = failures.first?.problem else { continue }
            let others = failures.dropFirst().map(\.example.name)
            if rendering.contains(where: { subscription.body(for: $0)?.name == file }) { problem.severity = .warning }
            if !others.isEmpty {
                let names = others.prefix(5).joined(separator: ", ") + (others.count > 5 ? ", …" : "")
                problem.message += "; nor do those of \(names)"
            }
            problems.append(problem)
        }
        // What is missing is known, and keeps it from being sent.
        if subscription.obstacles.isEmpty, let (example, result) = rendered.first {
            let contentType = subscription.body(for: example.name)?.contentType ?? subscription.contentType
            let attempt = example.attempt(contentType: contentType)
            let body = result.bodies.first ?? .empty
            do {
                _ = try renderer.request(for: attempt, to: subscription, body: body)
            } catch {
                problems.append(
                    Diagnostic(.error, file: "subscription \(subscription.name)", message: error.description)
                )
            }
        }
        return problems
    }

    /// The examples of the topics that a subscription takes of a profile's entry.
    private static func examples(
        of topic: ProfileTopic,
        _ subscription: Subscription,
        _ canonical: [ProfileTopic]
    ) -> [Example] {
        func takes(_ name: String) -> Bool { subscription.topics.contains { $0.matches(name) } }
        guard topic.topic != ProfileTopic.anyName else {
            // The generic example stands for topics that nobody has described, and for all where the data go as they are.
            let hasOwn =
                subscription.schema == .enforce || !(subscription.bodies.isEmpty && subscription.topicPayloads.isEmpty)
            let described = canonical.filter { hasOwn && takes($0.topic) }
                .map { Example(topic: topic, name: $0.topic, data: $0.example) }
            if !described.isEmpty { return described }
            return exampleNames(subscription.topics).first(where: takes).map { [Example(topic: topic, name: $0)] } ?? []
        }
        guard takes(topic.topic) else { return [] }
        let own = Example(topic: topic, name: topic.topic)
        guard let emitted = canonical.first(where: { $0.topic == topic.topic })?.example else { return [own] }
        let mapped = Example(topic: topic, name: topic.topic, data: emitted)
        // A subscription's mapping starts from what the host emits; a profile's is for what isn't native, and a body is
        // written for one of them.
        if subscription.topicPayloads.contains(where: { $0.pattern.matches(topic.topic) }) { return [mapped] }
        return topic.payload == nil && subscription.body(for: topic.topic) == nil ? [own] : [own, mapped]
    }

    /// Checks that a subscription's own templates compile and that its secrets can sign. What examples make of it is not looked
    /// at: for what was checked when it was stored.
    package static func checkCompiling(of subscription: Subscription) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        for body in subscription.bodies {
            do throws(TextProblem) {
                _ = try CompiledTemplate(body)
            } catch {
                problems.append(problem(in: body, error))
            }
        }
        if let problem = checkSecrets(of: subscription) { problems.append(problem) }
        return problems
    }

    private static func problem(in body: BodyTemplate, _ error: TextProblem) -> Diagnostic {
        let place = error.position
        return Diagnostic(.error, file: body.name, line: place.line, column: place.column, message: error.reason)
    }

    /// Checks whether a subscription's secrets can sign, and nothing else.
    package static func checkSecrets(of subscription: Subscription) -> Diagnostic? {
        guard subscription.obstacles.isEmpty, let scheme = subscription.profile.signature else { return nil }
        do {
            _ = try Signer(scheme: scheme, secrets: subscription.secrets)
            return nil
        } catch {
            return Diagnostic(.error, file: "subscription \(subscription.name)", message: error.description)
        }
    }

    /// Checks a profile: its templates and headers compile, and every topic's example renders well-formed in every
    /// content type that is offered.
    package static func check(profile: Profile) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        let file = profileFile(profile)
        let compiled = CompiledProfile(profile)
        for header in compiled.headers {
            if case .invalid(let error) = header.value {
                problems.append(Diagnostic(.error, file: file, message: error.description))
            }
        }
        let examples = profile.topics.map { Example(topic: $0, name: exampleName(of: $0)) }
        let broken = checkTemplates(profile, examples, &problems)
        for contentType in profile.contentTypes where !broken.contains(contentType) {
            for example in examples {
                do throws(RenderingError) {
                    let limit = BodyLimit(
                        maxBody: DispatcherSettings.standardMaxBody,
                        dataSize: example.event.data.count
                    )
                    let source = try compiled.payload(example.topic.topic)
                    let scope = BodyScope(EventContext(example.event), source, limit)
                    _ = try compiled.body(scope, as: contentType)
                } catch {
                    problems.append(failure(file, example, error))
                }
            }
        }
        return problems
    }

    /// Compiles a profile's own templates; returns the content types whose template doesn't.
    private static func checkTemplates(
        _ profile: Profile,
        _ examples: [Example],
        _ problems: inout [Diagnostic]
    ) -> Set<ContentType> {
        guard case .templates(let bodies) = profile.body else { return [] }
        var broken: Set<ContentType> = []
        for (contentType, body) in bodies.sorted(by: { $0.value.name < $1.value.name }) {
            do {
                problems += unprovided(in: try CompiledTemplate(body), examples)
            } catch {
                broken.insert(contentType)
                let place = error.position
                problems.append(
                    Diagnostic(.error, file: body.name, line: place.line, column: place.column, message: error.reason)
                )
            }
        }
        return broken
    }

    private static func failure(_ file: String, _ example: Example, _ error: RenderingError) -> Diagnostic {
        let name = example.topic.topic
        let topic =
            example.isCanonical
            ? "the canonical example of \(example.name)"
            : name == ProfileTopic.anyName ? "the generic example" : "the example of \(name)"
        let reason =
            error.description.hasPrefix(file + ": ")
            ? String(error.description.dropFirst(file.count + 2)) : error.description
        return Diagnostic(.error, file: file, message: "\(topic) does not render: \(reason)")
    }

    /// Warns of the names that no example provides: of the first ones each, and of the others together.
    private static func unprovided(
        in template: CompiledTemplate,
        _ examples: [Example],
        _ subscription: Subscription? = nil
    ) -> [Diagnostic] {
        let lookup = lookup(in: template, examples, subscription)
        let missing = lookup.missing
        let named = missing.prefix(TemplateLookup.mostNamed)
        let places = TemplateParser.positions(of: named, in: template.source)
        var warnings = zip(named, places).map { tag, place in
            let hint = lookup.meant[tag].map { "; did you mean \($0)?" } ?? ""
            return Diagnostic(
                .warning,
                file: template.name,
                line: place.line,
                column: place.column,
                message: "no example provides \(tag.name)\(hint)"
            )
        }
        let others = missing.count - named.count
        if others > 0 {
            warnings.append(
                Diagnostic(.warning, file: template.name, message: "and \(others) more that no example provides")
            )
        }
        return warnings
    }

    /// Looks a template's names up in examples; without any, nothing is missing.
    private static func lookup(
        in template: CompiledTemplate,
        _ examples: [Example],
        _ subscription: Subscription?
    ) -> TemplateLookup {
        var lookup = TemplateLookup(examples.isEmpty ? [] : template.elements)
        for example in examples { lookup.add(TemplateRoot(body: example.scope(for: subscription))) }
        return lookup
    }

    private static func profileFile(_ profile: Profile) -> String { "\(profile.name)/profile.json" }

    private static func exampleName(of topic: ProfileTopic) -> String {
        topic.topic == ProfileTopic.anyName ? "example.event" : topic.topic
    }

    /// Topic names that could stand for a profile's entry for every topic.
    private static func exampleNames(_ patterns: [TopicPattern]) -> [String] {
        patterns.map { pattern in
            pattern.description.split(separator: ".").map { $0.hasPrefix("*") ? "example" : String($0) }
                .joined(separator: ".")
        }
    }

    /// A topic with an event made of its example.
    private struct Example {
        let topic: ProfileTopic
        let name: String
        /// True when the data are the canonical event's, and not the platform's own.
        let isCanonical: Bool
        /// Tells whether the data stand for every topic that nobody has described.
        var isGeneric: Bool { topic.topic == ProfileTopic.anyName && !isCanonical }
        let event: Event

        init(topic: ProfileTopic, name: String, data: JSONValue? = nil) {
            self.topic = topic
            self.name = name
            isCanonical = data != nil
            event = Event(
                stored: "evt_example",
                topic: name,
                data: (data ?? topic.example).compactText,
                tenant: "example",
                occurredAt: Timestamp(milliseconds: 1_772_357_400_000),
                occurredAtIsGiven: true,
                deliverAt: nil,
                isTest: false
            )
        }

        /// The scope that a body's template sees.
        func scope(for subscription: Subscription?) -> BodyScope {
            let context = EventContext(event)
            let limit = BodyLimit(maxBody: DispatcherSettings.standardMaxBody, dataSize: event.data.count)
            let own = subscription?.topicPayloads.first { $0.pattern.matches(name) }
            let source = own.flatMap { try? PayloadSource(topic, mapping: $0.value) } ?? (try? PayloadSource(topic))
            let variables = subscription?.variables ?? []
            return BodyScope(context, source ?? PayloadSource(passingOn: topic), variables: variables, limit)
        }

        func attempt(contentType: ContentType) -> AttemptContext {
            let header = EventHeader(row: 0, id: event.id, topic: event.topic, tenant: event.tenant, isTest: false)
            return AttemptContext(
                event: header,
                delivery: nil,
                attempt: 1,
                contentType: contentType,
                mode: .retry,
                at: event.occurredAt
            )
        }
    }
}

extension Diagnostic {
    /// Names the place of a subscription's mapping; without one, as for subscriptions of the store, it stays where it is.
    fileprivate mutating func move(to mapping: TopicPayload) {
        guard let place = mapping.place else { return }
        (file, line, column) = (place.file, place.line, place.column)
    }
}
