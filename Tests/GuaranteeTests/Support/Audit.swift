import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// The checker for deliveries: acknowledged ⊆ received under retry, received ≤ 1 under single-shot, and received ≤ attempts
/// recorded, always.
struct Audit {
    /// The requests that came in, by subscription (the path's first segment) and event.
    private var received: [Key: [ReceivedRequest]] = [:]
    private let deliveries: [Delivery]

    private struct Key: Hashable {
        var subscription: String
        var event: String
    }

    init(_ stage: TestEnvironment, _ receivers: [Receiver]) async throws {
        // The receivers first: what is recorded before it is sent can't be overtaken by a later look at the record.
        for request in receivers.flatMap(\.requests) {
            let key = Key(subscription: String(request.target.dropFirst()), event: request.header("webhook-id") ?? "")
            received[key, default: []].append(request)
        }
        deliveries = try await stage.deliveries()
    }

    /// The number of times that a subscription was sent an event.
    func count(_ subscription: String, _ event: String) -> Int {
        received[Key(subscription: subscription, event: event)]?.count ?? 0
    }

    /// Checks what must hold at every time.
    func checkSafety(sourceLocation: SourceLocation = #_sourceLocation) {
        var recorded: [Key: Int] = [:]
        var singleShots: [Key: Int] = [:]
        for delivery in deliveries {
            let key = Key(subscription: delivery.subscription, event: delivery.event)
            recorded[key, default: 0] += delivery.attempts
            if delivery.mode == .singleShot { singleShots[key, default: 0] += 1 }
            let isDelivered = delivery.state == .delivered
            #expect(
                !isDelivered || received[key] != nil,
                "delivered on record, never received: \(delivery)",
                sourceLocation: sourceLocation
            )
        }
        for (key, requests) in received {
            #expect(
                requests.count <= recorded[key] ?? 0,
                "more requests than attempts on record: \(key)",
                sourceLocation: sourceLocation
            )
            if let limit = singleShots[key] {
                #expect(requests.count <= limit, "single-shot sent again: \(key)", sourceLocation: sourceLocation)
            }
            #expect(
                Set(requests.map(\.body)).count == 1,
                "not the same bytes each time: \(key)",
                sourceLocation: sourceLocation
            )
        }
    }

    /// Checks that every acknowledged event reached a retrying subscription, and is settled with a single-shot one.
    func checkLiveness(
        _ acknowledged: some Collection<String>,
        retry: [String] = [],
        singleShot: [String] = [],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let states = Dictionary(
            deliveries.map { (Key(subscription: $0.subscription, event: $0.event), $0.state) },
            uniquingKeysWith: { $1 }
        )
        for event in acknowledged {
            for subscription in retry {
                let key = Key(subscription: subscription, event: event)
                #expect(
                    states[key] == .delivered,
                    "acknowledged, not delivered: \(key)",
                    sourceLocation: sourceLocation
                )
                #expect(
                    count(subscription, event) > 0,
                    "acknowledged, never received: \(key)",
                    sourceLocation: sourceLocation
                )
            }
            for subscription in singleShot {
                let key = Key(subscription: subscription, event: event)
                #expect(
                    states[key] == .delivered || states[key] == .unknown,
                    "neither delivered nor unknown: \(key) \(String(describing: states[key]))",
                    sourceLocation: sourceLocation
                )
            }
        }
    }
}

extension TestEnvironment {
    /// Tells whether `check` finds nothing.
    func expectIntegrity(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let (exit, command) = try await run(["check"])
        #expect(exit == .code(0), "\(command.output)\(command.errors)", sourceLocation: sourceLocation)
    }
}
