internal import Synchronization
internal import WebhookCore

/// Applications that messages came for lately, by the id or uid in the path: looking one up costs as much as storing a message.
///
/// What is known here may be old. It serves for a message alone, whose transaction looks whether the id or uid still leads there.
final class KnownApplications: Sendable {
    /// Beyond as many all are forgotten.
    private static let most = 10_000
    private let known = Mutex<[String: Application]>([:])

    func known(_ reference: String) -> Application? { known.withLock { $0[reference] } }

    func learn(_ reference: String, _ application: Application) {
        known.withLock { known in
            if known.count >= Self.most { known = [:] }
            known[reference] = application
        }
    }

    func forget(_ reference: String) { known.withLock { $0[reference] = nil } }
}
