internal import WebhookCore
internal import WebhookEngine

extension WebhookDispatcher {
    /// Measures how late a node among several is, for as long as the task lives: each heartbeat tells the others.
    func reportLag(of session: DeliverySession) async {
        guard let leases = session.opened.leases else { return }
        var pace = SamplingPace(least: registry.settings.lease / 3, most: .seconds(60))
        while !Task.isCancelled {
            let start = ContinuousClock.now
            if let node = await session.runner.node() {
                do throws(StoreError) {
                    session.runner.report(lag: try await leases.lag(of: node, at: .now))
                } catch {
                    session.runner.report(lag: nil)
                }
            }
            guard (try? await Task.sleep(for: pace.pause(after: .now - start))) != nil else { return }
        }
    }
}
