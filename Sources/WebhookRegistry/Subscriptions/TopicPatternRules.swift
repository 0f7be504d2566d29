internal import WebhookCore

/// Whether a pattern fits a profile.
enum TopicPatternRules {
    /// For messages.
    static let grammar =
        "a topic is lower-case letters, digits and _, in segments joined by dots: course.created"

    /// For messages.
    static let patternGrammar = grammar + "; in a pattern * stands for one segment and ** for one or more"

    /// Why no event could ever match; `nil` where one can.
    static func problem(_ pattern: TopicPattern, profile: Profile) -> String? {
        guard !profile.anyTopic else { return nil }
        let list = "see `webhooks topics list --profile \(profile.name)`"
        if pattern.hasWildcard {
            guard !profile.topics.contains(where: { pattern.matches($0.topic) }) else { return nil }
            return "no topic of profile \(profile.name) matches `\(pattern)`; \(list)"
        }
        guard profile.topic(pattern.description) == nil else { return nil }
        let near = Suggestion.nearest(to: pattern.description, in: profile.topics.map(\.topic))
        let hint = near.map { "did you mean `\($0)`?" } ?? list
        return "profile \(profile.name) has no topic `\(pattern)`; \(hint)"
    }
}
