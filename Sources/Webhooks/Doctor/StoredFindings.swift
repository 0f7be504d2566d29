internal import WebhookCore
internal import WebhookRegistry

/// Findings about the subscriptions that the store keeps, judged by a configuration as a dispatcher would judge them.
struct StoredFindings {
    /// The number of subscriptions that are told one by one.
    private static let most = 20
    /// The rows that are read at a time.
    private static let page = 2_000

    let log: WebhookLog
    let registry: Registry
    let rules: DraftRules

    /// - Returns: nothing where there is no store, it can't be read (which others tell), or it keeps no subscription.
    func findings() async -> [DoctorFinding] {
        do throws(StoreError) {
            guard let store = try await log.stores.reader() as? any SubscriptionStore else { return [] }
            return try await findings(store, await log.dispatcherRecord()?.unusable)
        } catch {
            return []
        }
    }

    /// - Parameter unusable: what the dispatcher that runs holds; `nil`: none runs.
    private func findings(
        _ store: any SubscriptionStore,
        _ unusable: UnusableSubscriptions?
    ) async throws(StoreError) -> [DoctorFinding] {
        var (names, checks) = (StoredNames(), TemplateChecks())
        var (version, served) = (Int64(0), 0)
        var bad: [DoctorFinding] = []
        while true {
            let rows = try await store.subscriptions(changedSince: version, limit: Self.page)
            guard let last = rows.last?.version else { break }
            version = last
            let change = SubscriptionChange(rows, &names, registry, rules, &checks)
            for given in change.given {
                guard let subscription = given.subscription, given.stored?.isDisabled != true else { continue }
                guard subscription.isEnabled, let obstacle = subscription.obstacles.first else {
                    served += subscription.isEnabled ? 1 : 0
                    continue
                }
                let isSent = unusable.map { !$0.held.contains(subscription.name) } ?? false
                bad.append(Self.held(subscription.name, obstacle, isSent: isSent))
            }
            bad += change.errors.map(Self.refused)
        }
        var findings: [DoctorFinding] = []
        if served > 0 {
            let message = served == 1 ? "1 subscription of it is served" : "\(served) subscriptions of it are served"
            findings.append(DoctorFinding(.store, "subscriptions", .ok, message))
        }
        findings += bad.prefix(Self.most)
        if bad.count > Self.most {
            let message = "\(bad.count - Self.most) more subscriptions of it can't be sent to"
            findings.append(DoctorFinding(.store, "more", .error, message))
        }
        return findings
    }

    /// - Parameter isSent: whether a dispatcher runs that doesn't hold it: its configuration is another.
    private static func held(_ name: String, _ obstacle: Diagnostic, isSent: Bool) -> DoctorFinding {
        if isSent {
            let message =
                "\(name) can't be sent to with this configuration, and the dispatcher that runs has another: \(obstacle.message)"
            let hint = "it is sent to until that is restarted; mend this before"
            return DoctorFinding(.store, "broken", .error, message, hint: hint)
        }
        let hint =
            "its deliveries wait; once this is mended, a dispatcher sends them after a reload (SIGHUP), or as it starts"
        return DoctorFinding(.store, "broken", .error, "\(name) can't be sent to: \(obstacle.message)", hint: hint)
    }

    private static func refused(_ problem: Diagnostic) -> DoctorFinding {
        let hint = "events pass it by; once this is mended, `replay-missing` of the HTTP API sends what it missed"
        return DoctorFinding(.store, "refused", .error, "refused: \(problem)", hint: hint)
    }
}
