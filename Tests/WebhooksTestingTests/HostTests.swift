import Foundation
import Testing
import Webhooks
import WebhooksTesting

// A small host, as its own tests would try it.
// Documentation: protocol
struct School {
    let webhooks: any WebhookEmitter

    func enroll(student: Int, in course: Int) async throws {
        try await webhooks.emit(
            Event(topic: "course.enrollment", data: #"{"course":\#(course),"student":\#(student)}"#)
        )
    }
}
// Documentation: end

// Documentation: payments
extension School {
    /// Announces that a payment was not completed within an hour, unless it is.
    func begin(payment: String) async throws {
        let id = "abandoned-\(payment)"
        try await webhooks.emit(
            Event(topic: "payment.abandoned", data: #"{"payment":"\#(payment)"}"#, id: id, deliverIn: .seconds(3600))
        )
    }

    func complete(payment: String) async throws {
        try await webhooks.cancel("abandoned-\(payment)")
    }
}
// Documentation: end

@Suite struct HostTests {
    private let configuration: WebhookConfiguration

    init() throws {
        // Documentation: subscribers
        var crm = SubscriptionDraft(name: "crm", url: "https://crm.example.com/hooks?from=lms", topics: ["course.*"])
        crm.secrets = [Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
        crm.schema = "off"
        var billing = crm
        (billing.name, billing.url, billing.topics) = ("billing", "https://billing.example.com/hooks", ["payment.*"])
        let configuration = WebhookConfiguration.values([crm, billing], settings: DispatcherSettings())
        // Documentation: end
        self.configuration = configuration
    }

    @Test func refusesTopicsOfTheDispatchersOwnEvents() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        let event = try Event(topic: "webhooks.breaker.opened", data: "1")
        await #expect(throws: WebhooksError.self) { try await webhooks.emit(event) }
        await #expect(throws: WebhooksError.self) { try await webhooks.emit([event]) }
    }

    @Test func enrollingEmits() async throws {
        // Documentation: enrolling
        let webhooks = try TestDispatcher(configuration: configuration)
        try await School(webhooks: webhooks).enroll(student: 7, in: 101)
        #expect(webhooks.requests(to: "crm").map(\.topic) == ["course.enrollment"])
        // Documentation: end

        let request = try #require(webhooks.requests.first)
        #expect(request.url == "https://crm.example.com/hooks?from=lms")
        #expect(request.body.text.hasSuffix(#""data":{"course":101,"student":7}}"#))
        #expect(request.header("Webhook-ID") == request.eventID)
        #expect(request.header("webhook-signature")?.hasPrefix("v1,") == true)
        #expect(webhooks.deliveries().map(\.state) == [.delivered])
    }

    @Test func abandonedPaymentIsSentAfterAnHour() async throws {
        // Documentation: abandoned
        let webhooks = try TestDispatcher(configuration: configuration)
        try await School(webhooks: webhooks).begin(payment: "p1")
        webhooks.advance(by: .seconds(3599))
        #expect(webhooks.requests.isEmpty)
        webhooks.advance(by: .seconds(1))
        #expect(webhooks.requests.map(\.eventID) == ["abandoned-p1"])
        // Documentation: end
    }

    @Test func anEventCountsItsDelayFromItsEmit() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        let event = try Event(topic: "course.created", data: "1", id: "a", deliverIn: .seconds(60))
        webhooks.advance(by: .seconds(86_400))
        let receipt = try await webhooks.emit(event)
        #expect(receipt.event.deliverAt == webhooks.now.advanced(by: .seconds(60)))
        webhooks.advance(by: .seconds(30))
        #expect(try await webhooks.emit([event]).map(\.isDuplicate) == [true])
        #expect(webhooks.requests.isEmpty)
        webhooks.advance(by: .seconds(30))
        #expect(webhooks.requests.map(\.eventID) == ["a"])
        webhooks.advance(by: .seconds(86_400))
        #expect(webhooks.requests.count == 1)
    }

    @Test func bodiesRepeat() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        try await webhooks.emit(Event(topic: "course.created", data: "1"))
        #expect(
            webhooks.requests.first?.body.text
                == #"{"type":"course.created","timestamp":"2026-01-01T00:00:00.000Z","data":1}"#
        )
    }

    @Test func cancellingHasItsCases() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        try await School(webhooks: webhooks).begin(payment: "p1")
        #expect(try await webhooks.cancel("abandoned-p1").outcome == .cancelled)
        #expect(try await webhooks.cancel("abandoned-p1").outcome == .alreadyCancelled)
        #expect(try await webhooks.cancel("abandoned-p2").outcome == .unknown)
        try await School(webhooks: webhooks).begin(payment: "p3")
        webhooks.advance(by: .seconds(3600))
        #expect(try await webhooks.cancel("abandoned-p3").outcome == .tooLate)
        webhooks.respond("billing", with: .ok, after: .seconds(10))
        try await webhooks.emit(Event(topic: "payment.failed", data: "1", id: "failed"))
        #expect(try await webhooks.cancel("failed").outcome == .underWay)
        webhooks.respond("billing", with: .status(503))
        try await webhooks.emit(Event(topic: "payment.failed", data: "1", id: "waiting"))
        #expect(try await webhooks.cancel("waiting").outcome == .cancelled)
        #expect(try await webhooks.cancel("waiting").outcome == .alreadyCancelled)
        try await webhooks.emit(Event(topic: "user.created", data: "1", id: "nobodys"))
        #expect(try await webhooks.cancel("nobodys").outcome == .nobodys)
    }

    @Test func completedPaymentIsNotSent() async throws {
        // Documentation: completed
        let webhooks = try TestDispatcher(configuration: configuration)
        try await School(webhooks: webhooks).begin(payment: "p1")
        webhooks.advance(by: .seconds(1800))
        try await School(webhooks: webhooks).complete(payment: "p1")
        webhooks.advance(by: .seconds(86_400))
        #expect(webhooks.requests.isEmpty)
        // Documentation: end
    }

    @Test func failuresAreRetriedOnSchedule() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        // Documentation: receivers
        webhooks.respond("crm", with: .status(503), .disconnect, .ok)
        webhooks.respond("billing", with: .ok, after: .seconds(20))
        // Documentation: end
        let start = webhooks.now
        try await School(webhooks: webhooks).enroll(student: 7, in: 101)
        #expect(webhooks.deliveries().map(\.state) == [.waiting])
        webhooks.advance(by: .seconds(3600))
        let times = webhooks.requests.map { start.duration(to: $0.sentAt) }
        #expect(times == [.zero, .seconds(5), .seconds(305)])
        let delivery = try #require(webhooks.deliveries().first)
        #expect(delivery.state == .delivered)
        #expect(webhooks.attempts(of: delivery.id).map(\.status) == [503, nil, 200])
    }

    @Test func slowReceiverTimesOut() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        webhooks.respond("crm", with: .ok, after: .seconds(20))
        try await School(webhooks: webhooks).enroll(student: 7, in: 101)
        #expect(webhooks.deliveries().map(\.state) == [.inFlight])
        webhooks.advance(by: .seconds(15))
        #expect(webhooks.deliveries().map(\.lastError) == [.timeout])
    }

    @Test func sameIDWithOtherContentIsRefused() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        try await webhooks.emit(Event(topic: "course.created", data: "1", id: "a"))
        let again = try await webhooks.emit(Event(topic: "course.created", data: "1", id: "a"))
        #expect(again.isDuplicate)
        let error = await #expect(throws: WebhooksError.self) {
            try await webhooks.emit([
                Event(topic: "course.created", data: "2", id: "a"), Event(topic: "course.created", data: "2", id: "b"),
            ])
        }
        #expect(error?.code == .event)
        #expect(Set(webhooks.requests.map(\.eventID)) == ["a", "b"])
    }

    @Test("README and article show this code", arguments: ["enrolling", "abandoned"])
    func documentsShowThisCode(name: String) throws {
        let source = try String(contentsOfFile: #filePath, encoding: .utf8)
        let start = try #require(source.range(of: "// Documentation: \(name)\n"))
        let end = try #require(
            source.range(of: "        // Documentation: end", range: start.upperBound..<source.endIndex)
        )
        let snippet = source[start.upperBound..<end.lowerBound].replacing("        ", with: "")
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let documents = ["Sources/Webhooks/Webhooks.docc/Testing.md"] + (name == "enrolling" ? ["README.md"] : [])
        for document in documents {
            let text = try String(contentsOf: root.appendingPathComponent(document), encoding: .utf8)
            #expect(text.contains(snippet), "\(document) does not show the \(name) example as it is tested")
        }
    }

    @Test func brokenConfigurationThrows() throws {
        let error = #expect(throws: WebhooksError.self) {
            try TestDispatcher(configuration: .file("/nowhere/webhooks.yaml"))
        }
        #expect(error?.code == .configuration)
    }

    @Test func everyEventOfABurstIsSentOnce() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        await withThrowingTaskGroup { group in
            for number in 0..<200 {
                group.addTask {
                    try await webhooks.emit(Event(topic: "course.created", data: "\(number)", id: "e\(number)"))
                }
            }
        }
        #expect(Set(webhooks.requests.map(\.eventID)).count == 200)
        #expect(webhooks.requests.count == 200)
    }
}
