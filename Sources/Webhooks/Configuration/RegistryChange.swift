internal import Logging
internal import WebhookCore

/// The changes that a reload makes to subscriptions. One with `enabled: false` counts as removed.
struct RegistryChange: Equatable {
    var added: [String] = []
    var removed: [String] = []
    var changed: [String] = []

    init(from old: Registry, to new: Registry) {
        let before = Dictionary(
            old.subscriptions.filter(\.isEnabled).map { ($0.name, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        let after = new.subscriptions.filter(\.isEnabled)
        var profiles = ProfileComparison()
        for subscription in after {
            guard let known = before[subscription.name] else {
                added.append(subscription.name)
                continue
            }
            var same = known
            // Every load makes its own: what counts is what it says.
            if profiles.areSame(known.profile, subscription.profile) { same.profile = subscription.profile }
            if same != subscription { changed.append(subscription.name) }
        }
        let names = Set(after.map(\.name))
        removed = old.subscriptions.filter { $0.isEnabled && !names.contains($0.name) }.map(\.name)
    }

    /// The names, of many the first.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        for (key, names) in [("added", added), ("removed", removed), ("changed", changed)] where !names.isEmpty {
            metadata[key] = "\(Self.text(names))"
        }
        return metadata
    }

    /// Names, of many the first.
    static func text(_ names: [String]) -> String {
        var text = names.prefix(mostNames).joined(separator: ",")
        if names.count > mostNames { text += ",… (\(names.count - mostNames) more)" }
        return text
    }

    private static let mostNames = 10
}

/// Compares profiles of two loads: whether they send the same. Each pair is compared once, however many subscriptions
/// share it.
private struct ProfileComparison {
    private struct Pair: Hashable {
        var old: ObjectIdentifier
        var new: ObjectIdentifier
    }

    private var known: [Pair: Bool] = [:]

    mutating func areSame(_ old: Profile, _ new: Profile) -> Bool {
        let pair = Pair(old: ObjectIdentifier(old), new: ObjectIdentifier(new))
        if let known = known[pair] { return known }
        let areSame = old === new || old.sendsSame(as: new)
        known[pair] = areSame
        return areSame
    }
}

extension Profile {
    /// Titles, notes and examples aside.
    fileprivate func sendsSame(as other: Profile) -> Bool {
        name == other.name && contentTypes == other.contentTypes && httpsOnly == other.httpsOnly
            && anyTopic == other.anyTopic && successCodes == other.successCodes && policy == other.policy
            && headers == other.headers && signature == other.signature && body == other.body
            && isListBody == other.isListBody && topics.elementsEqual(other.topics) { $0.sendsSame(as: $1) }
    }
}

extension ProfileTopic {
    fileprivate func sendsSame(as other: ProfileTopic) -> Bool {
        topic == other.topic && wire == other.wire && keys == other.keys && fields == other.fields
            && payload == other.payload
    }
}
