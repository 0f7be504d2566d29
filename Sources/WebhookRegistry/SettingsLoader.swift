package import WebhookCore

/// `store`, `dispatcher` and `egress` → ``DispatcherSettings``.
struct SettingsLoader {
    let context: LoadContext

    private var problems: Problems { context.problems }

    /// - Parameter readsStore: whether `store` counts; otherwise it is not even looked at.
    func load(_ root: Section, readsStore: Bool) -> DispatcherSettings {
        var settings = DispatcherSettings()
        if readsStore { settings.store = store(root) }
        settings.egress = egress(root)
        guard let node = root.container("dispatcher"),
            let section = Section(
                node,
                "`dispatcher`",
                keys: ["maxInFlight", "shutdownGrace", "retention", "maxBody"],
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
        return settings
    }

    private func store(_ root: Section) -> StoreLocation? {
        guard let node = root.node("store"), let text = SourceReader(context: context).text(node, "`store`") else {
            return nil
        }
        guard let location = StoreLocationParser.parse(text.value.value, from: text.place.file) else {
            problems.error(text.place, "`store` \(StoreLocationParser.grammar)")
            return nil
        }
        if let problem = StorePathRules.problem(location, context.files) {
            problems.add(problem.severity, text.place, "`store` \(problem.message)")
        }
        return location
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

    private func proxy(_ section: Section) -> EgressProxy? {
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
        let store = settings.store.flatMap { StorePathRules.problem($0, files) }
        let warnings = settings.egress.allow.compactMap { EndpointRules.warning(about: $0) }
        return errors.map { (.error, $0) } + (store.map { [($0.severity, "`store` \($0.message)")] } ?? [])
            + warnings.map { (.warning, "`egress.allow`: \($0)") }
    }
}

/// Reads `store` and `--store`.
package enum StoreLocationParser {
    /// The forms that a store may have, to go on "`store` …".
    package static let grammar = "must be sqlite:PATH, such as sqlite:../var/webhooks.sqlite"

    /// A location, or `nil` where the text is none.
    ///
    /// - Parameter file: the file that names the store: a relative path starts from its folder. `nil`: from the
    ///   working folder.
    package static func parse(_ text: String, from file: String? = nil) -> StoreLocation? {
        guard HeaderRules.isValue(text) else { return nil }
        if text.hasPrefix("postgres://") || text.hasPrefix("postgresql://") { return .postgres(Secret(text)) }
        guard text.hasPrefix("sqlite:") else { return nil }
        let path = String(text.dropFirst("sqlite:".utf8.count))
        // sqlite:///path is how others spell an absolute path; with two slashes a host would follow.
        guard !path.isEmpty, !path.hasPrefix(":"), !path.hasPrefix("//") || path.hasPrefix("///") else { return nil }
        if path.hasPrefix("///") { return .sqlite(path: String(path.dropFirst(2))) }
        return .sqlite(path: file.map { LoadContext.resolve(path, from: $0) } ?? path)
    }
}
