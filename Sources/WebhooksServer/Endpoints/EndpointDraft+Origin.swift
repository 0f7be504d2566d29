internal import WebhookCore
internal import WebhookRegistry
internal import Webhooks

/// Credentials stay with the origin that they were given for, unless the organisation says otherwise.
extension EndpointDraft {
    /// Refuses another origin for an endpoint with credentials that the request doesn't give again: whoever may change a URL need
    /// not know them, and would have them sent to an address of his own.
    ///
    /// - Parameters:
    ///   - before: the endpoint before the request.
    ///   - form: the request.
    ///   - sendsSecret: tells whether a profile sends the signing secret as it is.
    func keepCredentials(
        of before: EndpointDraft,
        _ form: EndpointForm,
        sendsSecret: (String) -> Bool
    ) throws(APIError) {
        guard Self.origin(stored.draft.url) != Self.origin(before.stored.draft.url) else { return }
        var kept: [String] = []
        let keys: Set<String> = ["basicAuth", "bearer", "authorization"]
        let isGiven = form.more.value?.contains { keys.contains($0.key) && !$0.value.isNull } == true
        if stored.draft.authentication != nil, !isGiven { kept.append("credentials") }
        kept += stored.draft.headers.map(\.name).filter(HeaderForm.isSecret)
        let profiles = [before.stored.draft.profile, stored.draft.profile].compactMap(\.self)
        let hasSecret = stored.draft.secrets?.isEmpty == false
        if hasSecret, profiles.contains(where: sendsSecret) { kept.append("a secret that is sent") }
        guard !kept.isEmpty else { return }
        throw APIError(
            403,
            "credentials_kept",
            """
            The endpoint has \(kept.joined(separator: ", ")): with the token of an application they don't move to another scheme, \
            host or port. Give the credentials again in the same request, take the headers away first, or use a token of the \
            organisation.
            """
        )
    }

    /// Scheme, host and port; what is no URL stands for itself.
    private static func origin(_ url: String) -> String {
        guard case .success(let parsed) = EndpointURLParser.parse(url) else { return url }
        return "\(parsed.scheme.rawValue)://\(parsed.bracketedHost):\(parsed.port)"
    }
}
