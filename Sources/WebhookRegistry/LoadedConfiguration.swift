public import WebhookCore

/// What became of a configuration file.
public struct LoadedConfiguration: Sendable {
    /// What the dispatcher works by; `nil` where there are errors.
    public var registry: Registry?
    /// Every profile, also those that no subscription uses. The built-in ones alone where the file could not be read.
    public var catalog: ProfileCatalog
    /// All problems, by file, line and column; the configuration itself comes first.
    public var diagnostics: [Diagnostic]
    /// Where each subscription stands, by name.
    public var subscriptionMarks: [String: SubscriptionMark]
    /// Every file and folder that was read or looked for, the configuration first: a change of one calls for a reload.
    public var watched: [WatchedFile]

    /// The paths of ``watched``.
    public var watchedFiles: [String] { watched.map(\.path) }

    /// Whether one of the problems is more than a warning.
    public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }
}
