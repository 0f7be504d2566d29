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

extension School {
    /// Announces that a payment was not completed, an hour from now, unless ``complete(payment:)`` comes first.
    func begin(payment: String, at now: Timestamp) async throws {
        let data: ByteString = #"{"payment":"\#(payment)"}"#
        try await webhooks.emit(
            Event(
                topic: "payment.abandoned",
                data: data,
                id: "abandoned-\(payment)",
                deliverAt: now.advanced(by: .seconds(3600))
            )
        )
    }

    func complete(payment: String) async throws {
        try await webhooks.cancel("abandoned-\(payment)")
    }
}

@Suite struct HostTests {
    private let configuration: WebhookConfiguration

    init() throws {
        func subscription(_ name: String, _ topics: String...) -> SubscriptionDraft {
            let url = "https://\(name).example.com/hooks?from=lms"
            var subscription = SubscriptionDraft(name: name, url: url, topics: topics)
            subscription.profile = "standard"
            subscription.secrets = [Secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
            subscription.schema = "off"
            return subscription
        }
        configuration = .values(
            [subscription("crm", "course.*"), subscription("billing", "payment.*")],
            settings: DispatcherSettings()
        )
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
        try await School(webhooks: webhooks).begin(payment: "p1", at: webhooks.now)
        webhooks.advance(by: .seconds(3599))
        #expect(webhooks.requests.isEmpty)
        webhooks.advance(by: .seconds(1))
        #expect(webhooks.requests.map(\.eventID) == ["abandoned-p1"])
        // Documentation: end
    }

    @Test func completedPaymentIsNotSent() async throws {
        let webhooks = try TestDispatcher(configuration: configuration)
        let school = School(webhooks: webhooks)
        try await school.begin(payment: "p1", at: webhooks.now)
        webhooks.advance(by: .seconds(1800))
        try await school.complete(payment: "p1")
        webhooks.advance(by: .seconds(86_400))
        #expect(webhooks.requests.isEmpty)
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
