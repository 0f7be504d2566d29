internal import Glibc
internal import WebhookCore
internal import WebhookReceiver
internal import Webhooks

/// The signatures that a configuration's subscriptions send, by the path of their URLs: so that a receiver for trying things
/// needs to be told no secret.
struct PathSecrets: Sendable {
    private var checks: [String: [SignatureCheck]] = [:]

    init(_ subscriptions: [Subscription]) {
        for subscription in subscriptions {
            guard let scheme = subscription.profile.signature,
                scheme.kind == .standardWebhooks || scheme.content == .body
            else { continue }
            // A receiver accepts each of them; the first comes first.
            checks[Self.path(subscription.url.target), default: []] += subscription.secrets.map {
                SignatureCheck(secret: $0, profiles: [subscription.profile])
            }
        }
    }

    /// True when nothing can be checked.
    var isEmpty: Bool { checks.values.allSatisfy(\.isEmpty) }

    /// The verdict on a request; `nil` where no subscription that signs sends to its path.
    func verdict(_ request: ReceivedRequest) -> SignatureCheck.Verdict? {
        guard let checks = checks[Self.path(request.target)], !checks.isEmpty else { return nil }
        let verdicts = checks.map { $0.verdict(headers: request.headers, body: request.body) }
        return [.valid, .invalid].first(where: verdicts.contains) ?? .missing
    }

    private static func path(_ target: String) -> String { String(target.prefix { $0 != "?" }) }
}

extension ConfigurationOptions {
    /// The secrets of the configuration, where there is one and it can be used.
    func pathSecrets() throws -> PathSecrets? {
        guard path.isGiven || access(path.text, F_OK) == 0 else { return nil }
        let report = configuration.holdingBroken().load()
        guard let registry = report.registry, report.isValid else {
            let first = report.diagnostics.first { $0.severity == .error }?.located ?? path.text
            Notice.warning("configuration", "signatures are not checked: \(first)", asJSON: json)
            return nil
        }
        return PathSecrets(Array(registry.subscriptions))
    }
}
