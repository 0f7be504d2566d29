public import WebhookCore
internal import WebhookRegistry

/// What loading a configuration brought.
public struct ConfigurationReport: Sendable {
    /// The file; `nil` for subscriptions given as values.
    public var path: String?
    /// `nil` where the problems left nothing to work with.
    public var registry: Registry?
    /// Every problem, in the files' order.
    public var diagnostics: [Diagnostic]
    /// Every file that went into it, as it was just before it was read.
    var watched: [WatchedFile]
    /// Every profile with its topics, also those that no subscription uses.
    public var topics: TopicCatalog

    /// Those of ``diagnostics`` that are about templates.
    var templateDiagnostics: [Diagnostic] = []

    /// What a dispatcher that starts or reloads tells of the warnings: those about templates as a count, for they are
    /// many and long, and say the same each time.
    package var startupWarnings: [String] {
        let template = Set(templateDiagnostics)
        var lines = diagnostics.filter { !template.contains($0) }.map(\.located)
        let count = diagnostics.count - lines.count
        if count > 0 {
            lines.append("\(count) warning\(count == 1 ? "" : "s") about templates: `webhooks validate` tells more")
        }
        return lines
    }

    /// Every file that went into it.
    public var watchedFiles: [String] { watched.map(\.path) }

    /// Whether a dispatcher would start: there are no errors; warnings don't count.
    public var isValid: Bool { registry != nil && !diagnostics.contains { $0.severity == .error } }
}
