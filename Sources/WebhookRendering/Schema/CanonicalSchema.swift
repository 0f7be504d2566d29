internal import WebhookCore

/// The shapes of the canonical event, which `schema: enforce` compares an event's data with where the body that leaves can't
/// be compared: under a profile for any topic, and with a custom body.
final class CanonicalSchema: Sendable {
    private struct Shape: Sendable {
        var fields: [ProfileField]
        var plan: FieldPlan
    }

    private let shapes: [String: Shape]

    init(_ topics: [ProfileTopic]) {
        let shapes = topics.filter(\.hasSchema).map { topic in
            (topic.topic, Shape(fields: topic.fields, plan: FieldPlan(topic.fields)))
        }
        self.shapes = Dictionary(shapes, uniquingKeysWith: { first, _ in first })
    }

    /// Refuses data that are neither the canonical event's nor, where the platform lists fields, the platform's own.
    ///
    /// A topic that neither describes is let through: there is nothing to compare it with.
    func enforce(_ context: EventContext, _ topic: ProfileTopic) throws(RenderingError) {
        let event = context.event
        if let shape = shapes[event.topic] {
            if shape.plan.fits(event.data) { return }
            let data = try context.data()
            let violations = FieldChecker.violations(of: data, shape.fields)
            if violations.isEmpty || topic.hasSchema && FieldChecker.fits(data, topic.fields) { return }
            throw Self.failure("the canonical event of \(event.topic)", violations)
        }
        guard topic.hasSchema else { return }
        let violations = FieldChecker.violations(of: try context.data(), topic.fields)
        if !violations.isEmpty { throw Self.failure("the fields of \(event.topic)", violations) }
    }

    private static func failure(_ shape: String, _ violations: [String]) -> RenderingError {
        RenderingError("the data do not fit \(shape): " + violations.joined(separator: "; "))
    }
}
