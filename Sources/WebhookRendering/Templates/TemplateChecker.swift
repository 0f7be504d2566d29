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
    /// - Parameter maxBody: the most bytes of a body; see ``DispatcherSettings/maxBody``.
    package static func check(
        subscription: Subscription,
        maxBody: Int = DispatcherSettings.standardMaxBody
    ) -> [Diagnostic] {
        let profile = subscription.profile
        let topics = profile.topics.compactMap { topic -> Example? in
            let names = topic.topic == ProfileTopic.anyName ? exampleNames(subscription.topics) : [topic.topic]
            guard let name = names.first(where: { name in subscription.topics.contains { $0.matches(name) } })
            else { return nil }
            return Example(topic: topic, name: name)
        }
        var problems: [Diagnostic] = []
        var file = profileFile(profile)
        if let body = subscription.body {
            file = body.name
            do {
                problems += unprovided(in: try CompiledTemplate(body), topics)
            } catch {
                let place = error.position
                return [
                    Diagnostic(.error, file: file, line: place.line, column: place.column, message: error.reason)
                ]
            }
        }
        let renderer = WebhookRenderer(subscriptions: [subscription], maxBody: maxBody)
        let rendered = topics.map { ($0, renderer.render($0.event, for: [subscription])) }
        for (example, result) in rendered {
            guard case .failure(let error)? = result.renderedBodies.first else { continue }
            var problem = failure(file, example.topic, error)
            // What is ill-formed is the outcome of the template as a whole; its beginning stands for that.
            if subscription.body != nil { (problem.line, problem.column) = (1, 1) }
            problems.append(problem)
        }
        if let (example, result) = rendered.first {
            let attempt = example.attempt(contentType: subscription.body?.contentType ?? subscription.contentType)
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

    /// Checks whether a subscription's secrets can sign, and nothing else.
    package static func checkSecrets(of subscription: Subscription) -> Diagnostic? {
        guard let scheme = subscription.profile.signature else { return nil }
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
                do {
                    let limit = BodyLimit(
                        maxBody: DispatcherSettings.standardMaxBody,
                        dataSize: example.event.data.count
                    )
                    _ = try compiled.body(EventContext(example.event), as: contentType, limit)
                } catch {
                    problems.append(failure(file, example.topic, error))
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

    private static func failure(_ file: String, _ topic: ProfileTopic, _ error: RenderingError) -> Diagnostic {
        let topic = topic.topic == ProfileTopic.anyName ? "the generic example" : "the example of \(topic.topic)"
        let reason =
            error.description.hasPrefix(file + ": ")
            ? String(error.description.dropFirst(file.count + 2)) : error.description
        return Diagnostic(.error, file: file, message: "\(topic) does not render: \(reason)")
    }

    private static func unprovided(in template: CompiledTemplate, _ examples: [Example]) -> [Diagnostic] {
        guard !examples.isEmpty else { return [] }
        var lookup = TemplateLookup(template.elements)
        for example in examples {
            lookup.add(TemplateRoot(body: EventContext(example.event), topic: example.topic))
        }
        return lookup.missing.map { tag in
            let place = TemplateParser.position(of: tag, in: template.source)
            return Diagnostic(
                .warning,
                file: template.name,
                line: place.line,
                column: place.column,
                message: "no example provides \(tag.name)"
            )
        }
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
        let event: Event

        init(topic: ProfileTopic, name: String) {
            self.topic = topic
            event = Event(
                stored: "evt_example",
                topic: name,
                data: topic.example.compactText,
                tenant: "example",
                occurredAt: Timestamp(milliseconds: 1_772_357_400_000),
                occurredAtIsGiven: true,
                deliverAt: nil,
                isTest: false
            )
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
