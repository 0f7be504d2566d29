internal import WebhookCore

/// The one whose token came with a request.
enum Caller: Sendable, Hashable {
    /// Nobody: the operation takes no token.
    case nobody
    /// The organisation, which may do everything.
    case organisation(token: ByteString)
    /// Somebody to whom an application was given.
    case application(AccessToken)

    /// The digest of the token.
    var token: ByteString? {
        switch self {
        case .nobody: nil
        case .organisation(let token): token
        case .application(let token): token.digest
        }
    }
}
