import Synchronization
import WebhookCore
import WebhookTransport

/// Answers from a table, at once; names that are not in it do not exist.
final class ScriptedResolver: HostResolver {
    private let answers: Mutex<[String: [[IPAddress]]]>

    /// - Parameter answers: what each name gets, one lookup after the other; the last answer stays.
    init(_ answers: [String: [[String]]]) {
        self.answers = Mutex(answers.mapValues { $0.map { $0.compactMap { IPAddress($0) } } })
    }

    func resolve(_ query: HostQuery, completion: @escaping @Sendable (HostAnswer) -> Void) {
        let answer: [IPAddress]? = answers.withLock { answers in
            guard let first = answers[query.host]?.first else { return nil }
            if answers[query.host, default: []].count > 1 { answers[query.host]?.removeFirst() }
            return first
        }
        completion(HostAnswer(answer.map { .success($0) } ?? .failure(.notFound)))
    }
}

/// Never answers; a lookup is given up only by whoever asked.
struct SilentResolver: HostResolver {
    func resolve(_ query: HostQuery, completion: @escaping @Sendable (HostAnswer) -> Void) {}
}
