internal import WebhookCore
internal import Webhooks

/// Prints who would get an event, and with what kind of body.
struct PayloadCheckOutput {
    var topic: String
    var checks: [PayloadCheck]
    /// The subscriptions that almost were to get it, where nobody is.
    var misses: NearMisses
    /// The topic that was probably meant, where no profile lists this one.
    var slip: String?

    init(_ event: Event, _ registry: Registry, _ topics: TopicCatalog) {
        topic = event.topic
        checks = PayloadCheck.checks(of: event, in: registry)
        misses = checks.isEmpty ? PayloadCheck.nearMisses(of: event, in: registry, topics) : NearMisses()
        slip = topics.slip(event.topic)
        misses.suggestion = misses.suggestion ?? slip
    }

    /// True when every body can be made and fits the catalogue.
    var isGood: Bool { checks.allSatisfy(\.isGood) }

    func write(asJSON: Bool) {
        for check in checks {
            if asJSON {
                let object: JSONOutput = [
                    "subscription": .text(check.subscription),
                    "profile": .text(check.profile),
                    "ok": .bool(check.isGood),
                    "problem": .string(check.problem),
                    "violations": .strings(check.violations),
                ]
                object.write()
            } else {
                Output.standard.writeLine(PlainText.escaped(Self.line(check)))
            }
        }
        let question = misses.suggestion.map { "; did you mean \($0)?" } ?? ""
        if checks.isEmpty {
            writeMisses(asJSON: asJSON)
            Notice.note("no_match", "no subscription would get \(topic)\(question)", asJSON: asJSON)
        } else if slip != nil {
            Notice.note("topic", "no profile lists \(topic)\(question)", asJSON: asJSON)
        }
    }

    private func writeMisses(asJSON: Bool) {
        guard asJSON else {
            for miss in misses.nearest {
                Output.standard.writeLine(PlainText.escaped("not to   \(miss.subscription): \(miss.message)"))
            }
            return
        }
        JSONOutput.object([("topic", .text(topic))] + misses.members(SubscriptionOwners())).write()
    }

    /// Says where a payload differs.
    static func text(_ violations: [String]) -> String {
        "the payload does not fit the catalogue: \(violations.joined(separator: "; "))"
    }

    private static func line(_ check: PayloadCheck) -> String {
        if let problem = check.problem { return "fails    \(check.subscription): \(problem)" }
        if check.violations.isEmpty { return "ok       \(check.subscription)" }
        return "differs  \(check.subscription): \(check.violations.joined(separator: "; "))"
    }
}

extension NearMisses {
    /// Members of an object that is about an event which nobody gets.
    ///
    /// - Parameter owners: of the subscriptions that the store keeps.
    func members(_ owners: SubscriptionOwners) -> [(String, JSONOutput)] {
        let nearest = nearest.map { miss in
            let members: JSONOutput = [
                "subscription": .text(miss.subscription), "reason": .text(miss.reason), "message": .text(miss.message),
            ]
            return members.adding(owners.members(miss.subscription))
        }
        var members: [(String, JSONOutput)] = [("nearMisses", .array(nearest))]
        if let topic = suggestion { members.append(("suggestion", .text(topic))) }
        return members
    }
}
