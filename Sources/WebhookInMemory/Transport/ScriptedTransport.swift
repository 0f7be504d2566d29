internal import Synchronization
package import WebhookCore

/// A transport whose receivers do as they are told. Every request is kept.
package final class ScriptedTransport: Transport {
    /// Decides the outcome of a request: its receiver's answer and how long that takes.
    package typealias Script = @Sendable (TransportRequest) -> (response: EndpointResponse, latency: Duration)
    /// Runs a completion: at once, or when a test likes.
    package typealias Executor = @Sendable (@escaping @Sendable () -> Void) -> Void

    private let script: Script
    private let executor: Executor
    private let sent = Mutex<[TransportRequest]>([])

    /// - Parameters:
    ///   - executor: runs the completions. Default: at once, within the call.
    ///   - script: default: everybody answers 200 at once.
    package init(
        executor: @escaping Executor = { $0() },
        script: @escaping Script = { _ in (.ok, .zero) }
    ) {
        self.executor = executor
        self.script = script
    }

    /// The requests that were sent, in order.
    package var requests: [TransportRequest] { sent.withLock { $0 } }

    package func send(_ orders: [TransportOrder], completion: @escaping @Sendable ([TransportCompletion]) -> Void) {
        sent.withLock { $0.append(contentsOf: orders.map(\.request)) }
        let completions = orders.map { order in
            let (response, latency) = script(order.request)
            let exchange = response.exchange(latency: latency, timeout: order.request.timeout)
            return TransportCompletion(token: order.token, result: exchange.result)
        }
        executor { completion(completions) }
    }

    /// Nothing is ever under way: an answer takes no time.
    package func cancelAll() {}

    package func cancel(_ tokens: Set<UInt64>, reason: String) {}
}
