internal import WebhookRegistry

/// What somebody may have meant, in words.
package enum NameHint {
    /// The nearest of some names, where it is near enough to be a slip.
    package static func nearest(to name: String, in names: some Collection<String>) -> String? {
        Suggestion.nearest(to: name, in: names)
    }

    /// `did you mean NAME?`, or `nil` where nothing is near.
    package static func question(_ name: String, in names: some Collection<String>) -> String? {
        nearest(to: name, in: names).map { "did you mean \($0)?" }
    }
}
