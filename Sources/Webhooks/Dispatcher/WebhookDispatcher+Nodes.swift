internal import WebhookCore
internal import WebhookEngine

extension WebhookDispatcher {
    /// Measures how late a node among several is, for as long as the task lives: each heartbeat tells the others.
    func reportLag(of session: DeliverySession) async {
        guard let leases = session.opened.leases else { return }
        let pace = registry.settings.lease / 3
        while !Task.isCancelled {
            let start = ContinuousClock.now
            if let node = await session.runner.node() {
                do throws(StoreError) {
                    session.runner.report(lag: try await leases.lag(of: node, at: .now))
                } catch {
                    session.runner.report(lag: nil)
                }
            }
            // A hundredth of a connection's time at most goes into it.
            let pause = max(pace, min((.now - start) * 100, .seconds(60)))
            guard (try? await Task.sleep(for: pause)) != nil else { return }
        }
    }
}
