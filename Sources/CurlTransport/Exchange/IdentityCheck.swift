internal import CWebhooksTLS
internal import WebhookCore

/// Sees to it that a client certificate is used with its own key only.
///
/// libcurl compares certificates when it looks for a connection to use again, and not their keys: a request with somebody
/// else's certificate and any key would go out on that one's connection, in its name. A key that is known to be the
/// certificate's makes the comparison complete.
struct IdentityCheck {
    private struct Identity: Hashable {
        var certificate: ByteString
        var key: Secret?
    }

    /// What was found before; looking takes longer than a request.
    private var verdicts: [Identity: String?] = [:]
    private static let verdictLimit = 1_024

    /// Why a request with these options must not be sent; `nil` where it may.
    mutating func objection(to options: TLSOptions) -> String? {
        guard let certificate = options.certificate else {
            return options.key == nil ? nil : "there is a client key without its certificate"
        }
        let identity = Identity(certificate: certificate, key: options.key)
        if let verdict = verdicts[identity] { return verdict }
        if verdicts.count >= Self.verdictLimit { verdicts = [:] }
        let verdict = Self.look(at: identity)
        verdicts[identity] = .some(verdict)
        return verdict
    }

    private static func look(at identity: Identity) -> String? {
        var key = identity.key?.reveal() ?? ""
        let problem = key.withUTF8 { key in
            identity.certificate.withUnsafeBytes { certificate in
                webhooks_tls_check_identity(certificate.baseAddress, certificate.count, key.baseAddress, key.count)
            }
        }
        guard problem.subject != webhooks_tls_no_problem, let text = problem.text else { return nil }
        let isKey = problem.subject == webhooks_tls_key_problem
        return "the client certificate\(isKey ? "'s key" : "") \(String(cString: text))"
    }
}
