package import WebhookCore

/// `store`, `dispatcher`, `egress` and `server` → ``DispatcherSettings``.
struct SettingsLoader {
    let context: LoadContext

    private var problems: Problems { context.problems }

    /// - Parameter readsStore: whether `store` counts; otherwise it is not even looked at.
    func load(_ root: Section, readsStore: Bool) -> DispatcherSettings {
        var settings = DispatcherSettings()
        if readsStore { settings.store = StoreLoader(context: context).load(root) }
        settings.egress = egress(root)
        settings.server = ServerLoader(context: context).load(root)
        guard let node = root.container("dispatcher"),
            let section = Section(
                node,
                "`dispatcher`",
                keys: ["maxInFlight", "shutdownGrace", "retention", "maxBody", "lease"],
                problems: problems
            )
        else { return settings }
        if let value = section.integer("maxInFlight", 1...1_000_000) { settings.maxInFlight = value.value }
        if let value = section.duration("shutdownGrace", allowsZero: true) { settings.shutdownGrace = value.value }
        if let value = section.duration("retention") { settings.retention = value.value }
        let maxBody = section.node("maxBody").flatMap {
            section.read.size($0, "`maxBody`", DispatcherSettings.maxBodyRange, "from 1KiB to 512MiB")
        }
        if let maxBody { settings.maxBody = maxBody.value }
        if let lease = section.duration("lease") {
            settings.lease = lease.value
            if let problem = SettingsRules.problem(ofLease: lease.value) { problems.error(lease.place, problem) }
        }
        return settings
    }

    private func egress(_ root: Section) -> EgressPolicy {
        guard let node = root.container("egress"),
            let section = Section(node, "`egress`", keys: ["allow", "proxy"], isSensitive: true, problems: problems)
        else { return EgressPolicy() }
        let rules = (section.items("allow") ?? []).compactMap { item -> EgressRule? in
            guard let text = section.read.text(item, "an entry of `allow`") else { return nil }
            guard let rule = try? EgressRule(text.value) else {
                let forms = "a network (10.0.0.0/8), a network and port (10.0.0.0/8:8080, [fd00::/8]:443) or host:port"
                return section.read.fail(item, "an entry of `allow` must be \(forms)")
            }
            if let warning = EndpointRules.warning(about: rule) { problems.warning(text.place, warning) }
            return rule
        }
        return EgressPolicy(allow: rules, proxy: proxy(section))
    }

    private func proxy(_ section: Section) -> EgressPolicy.Proxy? {
        guard let node = section.node("proxy"),
            let text = SourceReader(context: context).text(node, "`proxy`")
        else { return nil }
        do {
            let proxy = try ProxyURLParser.parse(text.value.value)
            if proxy.password != nil, !text.value.isExternal { context.noteLiteralSecret(text.place) }
            return proxy
        } catch {
            problems.error(text.place, "`proxy` \(error)")
            return nil
        }
    }
}

/// The bounds of the dispatcher's settings, the same as a file's.
package enum SettingsRules {
    /// The problems of settings that were given as values.
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
        if let problem = problem(ofLease: settings.lease) { errors.append(problem) }
        let store = settings.store.flatMap { StoreRules.problem($0, files) }
        let warnings = settings.egress.allow.compactMap { EndpointRules.warning(about: $0) }
        return errors.map { (.error, $0) } + (store.map { [($0.severity, "`store` \($0.message)")] } ?? [])
            + warnings.map { (.warning, "`egress.allow`: \($0)") }
    }

    static func problem(ofLease lease: Duration) -> String? {
        DispatcherSettings.leaseRange.contains(lease) ? nil : "`lease` must be from 2s to 1h"
    }
}
