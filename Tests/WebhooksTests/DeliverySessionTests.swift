import Testing
import WebhookCore
import WebhookEngine
import WebhookSimulation

@testable import Webhooks

@Suite struct DeliverySessionTests {
    /// A host that shuts down within a grace of hours keeps nothing of it.
    @Test(.timeLimit(.minutes(1)))
    func theGraceIsWaitedForNoLongerThanTheSession() async throws {
        let workspace = try TestEnvironment()
        let registry = Registry(subscriptions: [], profiles: [:], settings: DispatcherSettings())
        let stores = StoreConnections(location: .sqlite(path: workspace.folder + "/webhooks.db")) { _ in }
        let session = try DeliverySession(
            await stores.dispatcher(stores.lock(.run)),
            role: .run,
            snapshot: ConfigurationSnapshot(registry: registry, renderer: ScriptedRenderer()),
            observer: Unobserved()
        )
        session.runner.start(externalInterval: nil)
        session.drain(within: .seconds(3600))
        try await session.runner.wait(untilAny: [.drained])
        await session.close(within: .seconds(30))
        await withTaskCancellationHandler {
            await session.graceLimit.ended()
        } onCancel: {
            session.graceLimit.cancel()
        }
    }
}

private struct Unobserved: EngineObserver {
    func recorded(_ attempts: [RecordedAttempt]) {}
    func settled(_ deliveries: [SettledDelivery]) {}
    func noticed(_ notice: EngineNotice) {}
    func failed(_ error: StoreError) {}
}
