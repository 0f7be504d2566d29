public import WebhookCore

/// What loading a configuration brought.
public struct ConfigurationReport: Sendable {
    /// The file; `nil` for subscriptions given as values.
    public var path: String?
    /// `nil` where the problems left nothing to work with.
    public var registry: Registry?
    /// Every problem, in the files' order.
    public var diagnostics: [Diagnostic]
    /// Every file that went into it.
    public var watchedFiles: [String]

    /// Whether a dispatcher would start: there are no errors; warnings don't count.
    public var isValid: Bool { registry != nil && !diagnostics.contains { $0.severity == .error } }
}
