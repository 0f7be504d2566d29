internal import WebhookCore
internal import WebhookRegistry
internal import Webhooks

/// Credentials stay with the origin that they were given for, unless the organisation says otherwise.
extension EndpointDraft {
    /// Refuses what would bring a credential that the request doesn't give again to another origin: whoever may change an endpoint
    /// need not know it, and would have it sent to an address of his own.
    ///
    /// - Parameters:
    ///   - before: the endpoint before the request.
    ///   - form: the request.
    ///   - sendsSecret: tells whether an endpoint's profile sends the signing secret as it is.
    func keepCredentials(
        of before: EndpointDraft,
        _ form: EndpointForm,
        sendsSecret: (SubscriptionDraft) -> Bool
    ) throws(APIError) {
        let (old, new) = (before.stored.draft, stored.draft)
        let hasSecret = new.secrets?.isEmpty == false || !new.retiringSecrets.isEmpty
        let (sentIt, sendsIt) = (hasSecret && sendsSecret(old), hasSecret && sendsSecret(new))
        // The origin may be another already: a signature tells nobody the secret that is sent now.
        if sendsIt, !sentIt {
            throw Self.refusal(
                "The profile sends the endpoint's signing secret itself, which only signed before: that takes a token of the "
                    + "organisation. Or make another endpoint with this profile."
            )
        }
        guard Self.origin(new.url) != Self.origin(old.url) else { return }
        let given = Set((form.more.value ?? []).filter { !$0.value.isNull }.map(\.key))
        var kept: [String] = []
        if new.authentication != nil, given.isDisjoint(with: ["basicAuth", "bearer", "authorization"]) {
            kept.append("credentials")
        }
        if new.tls?.key != nil, !given.contains("tls") { kept.append("a client certificate") }
        kept += new.headers.map(\.name).filter(HeaderForm.isSecret)
        if sentIt || sendsIt { kept.append("a secret that is sent") }
        guard !kept.isEmpty else { return }
        throw Self.refusal(
            """
            The endpoint has \(kept.joined(separator: ", ")): with the token of an application they don't move to another scheme, \
            host or port. Give the credentials again in the same request, take the headers away first, or use a token of the \
            organisation.
            """
        )
    }

    private static func refusal(_ detail: String) -> APIError { APIError(403, "credentials_kept", detail) }

    /// Scheme, host and port; what is no URL stands for itself.
    private static func origin(_ url: String) -> String {
        guard case .success(let parsed) = EndpointURLParser.parse(url) else { return url }
        return "\(parsed.scheme.rawValue)://\(parsed.bracketedHost):\(parsed.port)"
    }
}
