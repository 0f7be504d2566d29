internal import Synchronization
internal import WebhookCore

/// A subscription that is prepared for rendering once there is something to render for it.
final class LazySubscription: RequestMaker {
    let subscription: Subscription
    private let parts: SubscriptionCompiler.Parts
    private let egress: EgressPolicy
    private let prepared = Mutex<CompiledSubscription?>(nil)

    init(_ subscription: Subscription, _ parts: SubscriptionCompiler.Parts, _ egress: EgressPolicy) {
        (self.subscription, self.parts, self.egress) = (subscription, parts, egress)
    }

    var compiled: CompiledSubscription {
        prepared.withLock { prepared in
            if let prepared { return prepared }
            let compiled = CompiledSubscription(subscription, parts, egress)
            prepared = compiled
            return compiled
        }
    }

    func request(for attempt: AttemptContext, body: ByteString) throws(RenderingError) -> PreparedRequest {
        try compiled.request(for: attempt, body: body)
    }
}
