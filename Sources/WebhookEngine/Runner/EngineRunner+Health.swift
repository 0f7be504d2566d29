internal import Dispatch
internal import WebhookCore

/// This is how somebody who has changed a subscription's health waits until the engine has taken it up.
extension EngineRunner {
    /// Puts into force what the store has by now of the health of some subscriptions, as far as they are served here: for whoever has
    /// written it, and answers for it.
    ///
    /// - Parameter limit: the longest wait for the store.
    /// - Returns: whether it is in force.
    package func learnHealth(of names: [String], within limit: Duration) async -> Bool {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                guard fatal == nil else { return continuation.resume(returning: false) }
                lastHealthRead += 1
                let token = lastHealthRead
                healthReads[token] = continuation
                process { engine, time in engine.learnHealth(of: names, token: token, at: time) }
                guard healthReads[token] != nil else { return }
                queue.asyncAfter(deadline: .now() + .milliseconds(Int(limit.wholeMilliseconds))) { [weak self] in
                    self?.endHealthRead(token, isInForce: false)
                }
            }
        }
    }

    func endHealthRead(_ token: UInt64, isInForce: Bool) {
        healthReads.removeValue(forKey: token)?.resume(returning: isInForce)
    }
}
