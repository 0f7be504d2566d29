internal import WebhookCore

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
