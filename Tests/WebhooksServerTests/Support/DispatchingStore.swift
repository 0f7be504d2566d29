import Testing
import WebhookCore
import WebhookReceiver
import Webhooks

@testable import WebhooksServer

/// A served store whose dispatcher delivers to a receiver, with two endpoints of the application `a`: `one` and `two`.
final class DispatchingStore: Sendable {
    let served: ServedStore
    let receiver: Receiver
    private let running: Task<Void, any Error>

    convenience init(answering status: Int = 204) async throws { try await self.init { _ in .status(status) } }

    init(_ respond: @escaping @Sendable (ReceivedRequest) -> ReceiverResponse) async throws {
        let receiver = try Receiver(handler: respond)
        self.receiver = receiver
        let subscriptions = ["one", "two"].map { name in
            """

              - { name: \(name), url: "\(receiver.url)/\(name)", topics: ["**"], tenant: a, secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        }
        served = try await ServedStore(subscriptions: subscriptions.joined())
        running = Task { [dispatcher = served.dispatcher] in try await dispatcher.run() }
        // From then on a message has its deliveries when it is answered.
        while served.dispatcher.readiness.obstacle != nil { await Task.yield() }
        await served.send("POST", "/app", #"{"name":"A","uid":"a"}"#)
    }

    func settle() async throws {
        while try await served.dispatcher.deliveries().contains(where: { !$0.state.isSettled }) { await Task.yield() }
    }

    /// Waits for the end of the task that an answer names.
    func ended(_ begun: Answer) async throws -> Answer {
        let id = try #require(begun["id"], "\(begun.text)")
        while true {
            let task = await served.send("GET", "/background-task/\(id)")
            if task["status"] != "running" { return task }
        }
    }

    func stop() async throws {
        served.dispatcher.shutDown()
        try await running.value
        receiver.stop()
    }
}
