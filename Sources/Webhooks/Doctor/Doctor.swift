package import WebhookCore
internal import WebhookTransport

/// Looks for what keeps deliveries from working, before or while it does: configuration, store, names, certificates, clock.
///
/// It sends no request, and changes nothing. Every wait is bounded.
package struct Doctor: Sendable {
    private let configuration: WebhookConfiguration
    private let log: WebhookLog
    private let resolver: any HostResolver
    private let patience: Duration

    /// - Parameters:
    ///   - configuration: may be broken, or missing.
    ///   - log: of the store that it names, or of another.
    ///   - patience: how long all the names together may take.
    package init(
        _ configuration: WebhookConfiguration,
        _ log: WebhookLog,
        patience: Duration = .seconds(10)
    ) {
        self.init(configuration, log, resolver: SystemResolver(), patience: patience)
    }

    init(
        _ configuration: WebhookConfiguration,
        _ log: WebhookLog,
        resolver: any HostResolver,
        patience: Duration
    ) {
        self.configuration = configuration
        self.log = log
        self.resolver = resolver
        self.patience = patience
    }

    /// Looks at everything.
    package func examine(at now: Timestamp = .now) async -> [DoctorFinding] {
        let report = configuration.load()
        let registry = report.isValid ? report.registry : nil
        var findings = Self.findings(report)
        findings += await StoreFindings(log).findings(registry, at: now)
        if let registry {
            findings += await StoredFindings(log: log, registry: registry, rules: report.rules).findings()
            findings += await nameFindings(registry)
            findings += Self.certificateFindings(registry, at: now)
        }
        let newest = try? await log.events(EventQuery()).first?.createdAt
        return findings + ClockFindings.findings(now: now, newest: newest, isSynchronized: MachineClock.isSynchronized)
    }

    // MARK: Configuration

    /// The number of problems that are told one by one.
    private static let mostProblems = 20

    private static func findings(_ report: WebhookConfiguration.Report) -> [DoctorFinding] {
        let hint = "`webhooks validate` lists all problems"
        var findings = report.diagnostics.prefix(mostProblems).map { diagnostic in
            let isRights = diagnostic.code == .rights
            return DoctorFinding(
                .configuration,
                isRights ? "rights" : "invalid",
                diagnostic.severity == .error ? .error : .warning,
                diagnostic.located,
                // What to do about rights stands in the message.
                hint: isRights ? nil : hint
            )
        }
        if report.diagnostics.count > mostProblems {
            let more = "\(report.diagnostics.count - mostProblems) more problems"
            findings.append(DoctorFinding(.configuration, "more", .warning, more, hint: hint))
        }
        guard report.isValid, let registry = report.registry else { return findings }
        let count = registry.subscriptions.count(where: \.isEnabled)
        let message = count == 1 ? "1 subscription is served" : "\(count) subscriptions are served"
        return [DoctorFinding(.configuration, "valid", .ok, message)] + findings
    }

    // MARK: Certificates

    private static func certificateFindings(_ registry: Registry, at now: Timestamp) -> [DoctorFinding] {
        var findings: [DoctorFinding] = []
        for subscription in registry.subscriptions where subscription.isEnabled {
            for (what, pem) in [
                ("the client certificate", subscription.tls?.certificate), ("`ca`", subscription.tls?.authorities),
            ] {
                guard let pem, let dates = CertificateDates(pem: pem) else { continue }
                let name = "\(what) of \(subscription.name)"
                findings.append(CertificateFindings.finding(name, from: dates.from, until: dates.until, at: now))
            }
        }
        return findings
    }
}

// MARK: Names

extension Doctor {
    /// A host of an enabled subscription, or the proxy.
    private struct Host: Hashable {
        var name: String
        var port: UInt16
        /// True when requests go through a proxy: its address alone has to be reachable from here.
        var isProxy = false
    }

    private func nameFindings(_ registry: Registry) async -> [DoctorFinding] {
        var users: [Host: [String]] = [:]
        for subscription in registry.subscriptions where subscription.isEnabled {
            let host = Host(name: subscription.url.host, port: subscription.url.port)
            // A literal address was vetted when the file was loaded.
            if IPAddress(literalHost: host.name) == nil { users[host, default: []].append(subscription.name) }
        }
        if let proxy = registry.settings.egress.proxy, IPAddress(literalHost: proxy.host) == nil {
            users[Host(name: proxy.host, port: proxy.port, isProxy: true)] = ["egress.proxy"]
        }
        let answers = await answers(for: Set(users.keys.map(\.name)))
        return users.sorted { ($0.key.name, $0.key.port) < ($1.key.name, $1.key.port) }.map { host, names in
            finding(host, names, answers[host.name], registry.settings.egress)
        }
    }

    /// The name servers' answers within the patience; a name that is missing has had no answer.
    private func answers(for names: Set<String>) async -> [String: Result<[IPAddress], ResolutionError>] {
        let (stream, continuation) = AsyncStream<(String, Result<[IPAddress], ResolutionError>)>.makeStream()
        for name in names {
            resolver.resolve(HostQuery(host: name, timeout: patience)) { continuation.yield((name, $0.result)) }
        }
        let deadline = Task { [patience] in
            try? await Task.sleep(for: patience)
            continuation.finish()
        }
        defer { deadline.cancel() }
        var answers: [String: Result<[IPAddress], ResolutionError>] = [:]
        guard !names.isEmpty else { return answers }
        for await (name, result) in stream {
            answers[name] = result
            if answers.count == names.count { break }
        }
        return answers
    }

    private func finding(
        _ host: Host,
        _ users: [String],
        _ answer: Result<[IPAddress], ResolutionError>?,
        _ egress: EgressPolicy
    ) -> DoctorFinding {
        let shown = users.prefix(3).joined(separator: ", ") + (users.count > 3 ? ", …" : "")
        let who = "\(host.name) (\(shown))"
        switch answer {
        case nil, .failure(.timedOut):
            let hint = "are the name servers in /etc/resolv.conf reachable from here?"
            return DoctorFinding(.names, "dns_timeout", .error, "\(who): the name servers don't answer", hint: hint)
        case .failure(.notFound):
            let hint = "is the name right? `getent hosts \(host.name)` asks as this program does"
            return DoctorFinding(.names, "dns", .error, "\(who): there is no such name", hint: hint)
        case .failure:
            let hint = "try again; `getent hosts \(host.name)` asks as this program does"
            return DoctorFinding(.names, "dns_unavailable", .error, "\(who): the lookup failed", hint: hint)
        case .success(let addresses):
            let refusals = addresses.compactMap { egress.refusal(of: $0, port: host.port, host: host.name) }
            if !host.isProxy, let refusal = refusals.first {
                let hint =
                    "if that is meant, `egress.allow: [\"\(host.name):\(host.port)\"]` or its network lets it through"
                return DoctorFinding(.names, "blocked", .error, "\(who) is refused: \(refusal)", hint: hint)
            }
            return DoctorFinding(
                .names,
                "resolved",
                .ok,
                "\(who): \(addresses.count == 1 ? "1 address" : "\(addresses.count) addresses")"
            )
        }
    }
}
