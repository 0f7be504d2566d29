internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

struct Match: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says who would get an event, and for the others why not.",
        discussion: """
            A row a subscription: yes, or everything that says no: topic, tenant, profile, the filter's entry with the value \
            that was found, `enabled: false`, disabled, paused (the event would wait), or a body that can't be made. Nothing \
            is sent or stored. Exits 0 when at least one would get it, 1 when nobody would.

            Without --data the topic's example is judged, where a profile has one.

              webhooks match course.created --tenant school-42
              webhooks match grade.released --data '{"id":7}' --json
            """
    )

    @Argument(help: "Such as course.created.", completion: KnownCompletion.topics)
    var topic: String

    @OptionGroup var payload: DataOptions

    @Option(help: "The event's tenant: reaches only subscriptions of this tenant or of none.")
    var tenant: String?

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let dispatcher = try await options.dispatcher()
        let event = try Event(topic: topic, data: try data(dispatcher.topics), tenant: tenant)
        let health = try await health(dispatcher.log)
        let matches = dispatcher.preview.matches(of: event, health: health, at: .now)
        let owners = try await SubscriptionOutput.owners(dispatcher, matches.map(\.subscription))
        for match in matches {
            if options.json {
                MatchOutput.json(match).adding(owners.members(match.subscription)).write()
            } else {
                MatchOutput.write(match, owners.label(match.subscription))
            }
        }
        let slip = dispatcher.preview.slip(topic)
        guard matches.contains(where: \.isMatch) else {
            let hint = slip.map { "; did you mean \($0)?" } ?? ""
            Notice.note("no_match", Self.nobody(matches, topic) + hint, asJSON: options.json)
            throw ExitStatus.negative
        }
        Notice.slip(topic, slip, asJSON: options.json)
    }

    private func data(_ topics: TopicCatalog) throws -> ByteString {
        if payload.data != nil { return try payload.read() }
        if payload.example { return try topics.exampleData(of: topic) }
        guard let example = try? topics.exampleData(of: topic) else {
            Notice.note("data", "judged with the data {}; --data gives another payload", asJSON: options.json)
            return "{}"
        }
        Notice.note("data", "judged with the example of \(topic); --data gives another payload", asJSON: options.json)
        return example
    }

    /// A store that can't be read is no reason not to tell what the configuration says.
    private func health(_ log: WebhookLog) async throws -> [SubscriptionHealth] {
        do throws(WebhooksError) {
            return try await log.healthIfAny()
        } catch {
            let message = "\(error.message); who is disabled or paused is not known"
            Notice.warning("store", message, asJSON: options.json)
            return []
        }
    }

    static func nobody(_ matches: [SubscriptionMatch], _ topic: String) -> String {
        let held = matches.filter(\.isHeld).map(\.subscription)
        guard !held.isEmpty else { return "no subscription would get \(topic)" }
        return "no subscription would get \(topic) now; it would wait for \(held.joined(separator: ", "))"
    }
}

/// Verdicts on an event, as JSON and for people.
enum MatchOutput {
    static func json(_ match: SubscriptionMatch) -> JSONOutput {
        let reasons = match.reasons.map { reason -> JSONOutput in
            var members: [(String, JSONOutput)] = [("reason", .text(reason.code)), ("message", .text(reason.message))]
            if let entry = reason.entry {
                members += [
                    ("path", .text(entry.path)), ("wanted", .text(entry.wanted)),
                    ("found", entry.found.map { .raw(ByteString($0)) } ?? .null),
                ]
            }
            return .object(members)
        }
        return [
            "subscription": .text(match.subscription),
            "profile": .text(match.profile),
            "gets": .bool(match.isMatch),
            "reason": .string(match.reasons.first?.code),
            "reasons": .array(reasons),
            "violations": .strings(match.violations),
        ]
    }

    /// - Parameter label: the subscription, for people.
    static func write(_ match: SubscriptionMatch, _ label: String) {
        let (mark, style) = mark(match)
        let padding = String(repeating: " ", count: max(0, 5 - mark.count))
        let line = Terminal.standardOutput.styled(mark, style) + padding + PlainText.escaped(text(match, label))
        Output.standard.writeLine(line)
    }

    private static func mark(_ match: SubscriptionMatch) -> (String, Terminal.Style) {
        if match.isMatch { return ("yes", match.violations.isEmpty ? .good : .doubtful) }
        return match.isHeld ? ("held", .doubtful) : ("no", .dim)
    }

    private static func text(_ match: SubscriptionMatch, _ label: String) -> String {
        let reasons = match.reasons.map { "\($0.code): \($0.message)" }
        let differences =
            match.violations.isEmpty
            ? [] : ["the payload differs from the catalogue: \(match.violations.joined(separator: "; "))"]
        let said = reasons + differences
        return said.isEmpty ? label : "\(label): \(said.joined(separator: "; "))"
    }
}
