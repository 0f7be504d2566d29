package import WebhookCore

/// The bounds of the dispatcher's settings, the same as a file's.
package enum SettingsRules {
    /// What is wrong with settings that were given as values.
    package static func problems(
        _ settings: DispatcherSettings,
        _ files: any ConfigurationFiles
    ) -> [(severity: Diagnostic.Severity, message: String)] {
        let longest: Duration = .seconds(3650 * 86_400)
        var errors: [String] = []
        if !(1...1_000_000).contains(settings.maxInFlight) {
            errors.append("`maxInFlight` must be a whole number from 1 to 1000000")
        }
        if !(.zero...longest).contains(settings.shutdownGrace) {
            errors.append("`shutdownGrace` must be 0 to 3650 days")
        }
        if settings.retention <= .zero || settings.retention > longest {
            errors.append("`retention` must be more than 0, and at most 3650 days")
        }
        if !DispatcherSettings.maxBodyRange.contains(settings.maxBody) {
            errors.append("`maxBody` must be a size from 1KiB to 512MiB")
        }
        let store = settings.store.flatMap { StorePathRules.problem($0, files) }
        let warnings = settings.egress.allow.compactMap { EndpointRules.warning(about: $0) }
        return errors.map { (.error, $0) } + (store.map { [($0.severity, "`store` \($0.message)")] } ?? [])
            + warnings.map { (.warning, "`egress.allow`: \($0)") }
    }
}
