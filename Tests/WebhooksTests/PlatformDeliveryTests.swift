import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// Every platform and content type over real HTTP, read back from the store.
@Suite struct PlatformDeliveryTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var profile: String
        var topic: String
        var settings: String
        var contentType: String
        var body: String
        var headers: [HTTPHeader] = []
        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "standard, JSON",
            profile: "standard",
            topic: "grade.released",
            settings: "secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]",
            contentType: "application/json",
            body: #"{"type":"grade.released","timestamp":"2026-03-01T09:30:00.000Z","data":{"b":1.50,"a":null}}"#,
            headers: [HTTPHeader("webhook-id", "evt_1")]
        ),
        Case(
            name: "standard, XML",
            profile: "standard",
            topic: "grade.released",
            settings: "secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]\n    contentType: application/xml",
            contentType: "application/xml",
            body: #"<?xml version="1.0" encoding="UTF-8"?><webhook><type>grade.released</type>"#
                + #"<timestamp>2026-03-01T09:30:00.000Z</timestamp><data><b>1.50</b><a nil="true"/></data></webhook>"#
        ),
        Case(
            name: "standard, form",
            profile: "standard",
            topic: "grade.released",
            settings:
                "secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw]\n    contentType: application/x-www-form-urlencoded",
            contentType: "application/x-www-form-urlencoded",
            body: "type=grade.released&timestamp=2026-03-01T09%3A30%3A00.000Z&data%5Bb%5D=1.50&data%5Ba%5D="
        ),
        Case(
            name: "BrainCert, JSON",
            profile: "braincert",
            topic: "user.created",
            settings: "tenant: school",
            contentType: "application/json",
            body: #"{"id":"evt_1","resource":"user","action":"signup","domain_id":"school","#
                + #""created_at":"2026-03-01T09:30:00.000Z","payload":{"b":1.50,"a":null}}"#
        ),
        Case(
            name: "BrainCert, XML with basic authentication",
            profile: "braincert",
            topic: "live_class.created",
            settings: "contentType: application/xml\n    basicAuth: { username: lms, password: s3cret }",
            contentType: "application/xml",
            body:
                #"<?xml version="1.0" encoding="UTF-8"?><webhook><id>evt_1</id><resource>virtual classroom</resource>"#
                + "<action>created</action><domain_id>school</domain_id><created_at>2026-03-01T09:30:00.000Z</created_at>"
                + #"<timestamp>1772357400</timestamp><payload><b>1.50</b><a nil="true"/></payload></webhook>"#,
            headers: [HTTPHeader("Authorization", "Basic bG1zOnMzY3JldA==")]
        ),
        Case(
            name: "Fermion",
            profile: "fermion",
            topic: "video.ready",
            settings: "secrets: [fermion-secret]",
            contentType: "application/json",
            body: #"{"eventUniqueId":"evt_1","timestampIsoString":"2026-03-01T09:30:00.000Z","isTestEvent":false,"#
                + #""payload":{"eventType":"recorded-video-ready-for-playback","b":1.50,"a":null}}"#,
            headers: [HTTPHeader("X-Fermion-Webhook-Secret", "fermion-secret")]
        ),
        Case(
            name: "Loopwise",
            profile: "loopwise",
            topic: "course.enrollment",
            settings: "secrets: [loop-key]",
            contentType: "application/json",
            body: #"{"type":"course.student_enroll","data":{"b":1.50,"a":null}}"#,
            headers: [
                HTTPHeader(
                    "Loopwise-Webhook-Signature",
                    "c2c0bb0dd63f878648a109491176c1d9f483c7922828815743f77bd6209f8156"
                )
            ]
        ),
    ]

    @Test(arguments: cases)
    func arrivesAsThePlatformSendsIt(_ test: Case) async throws {
        let receiver = try Receiver(responses: [.status(200, headers: [HTTPHeader("X-Answer", "yes")], body: "thanks")])
        let workspace = try TestEnvironment()
        let dispatcher = try await workspace.dispatcher(
            """
              - name: one
                url: \(receiver.url)/hook?x=1
                profile: \(test.profile)
                payload: { "**": $data }
                schema: off
                topics: ["**"]
                \(test.settings)
            """
        )
        let event = try Event(
            topic: test.topic,
            data: #"{"b":1.50,"a":null}"#,
            id: "evt_1",
            tenant: "school",
            occurredAt: Timestamp(rfc3339: "2026-03-01T09:30:00Z")
        )
        let log = try await dispatcher.deliver(event)

        let requests = try await receiver.waitForRequests(count: 1)
        let request = try #require(requests.first)
        #expect(requests.count == 1)
        #expect(request.method == "POST")
        #expect(request.target == "/hook?x=1")
        #expect(request.header("Content-Type") == test.contentType)
        #expect(request.body.text == test.body)
        for header in test.headers { #expect(request.header(header.name) == header.value) }

        let (delivery, attempts) = try #require(log.first)
        #expect(log.count == 1)
        #expect(delivery.state == .delivered)
        let attempt = try #require(attempts.first)
        #expect(attempts.count == 1)
        #expect(attempt.outcome == .succeeded)
        #expect(attempt.status == 200)
        #expect(attempt.requestBody == request.body)
        #expect(attempt.responseBody == "thanks")
        #expect(attempt.responseHeaders.contains(HTTPHeader("X-Answer", "yes")))
        #expect(attempt.remoteAddress == "127.0.0.1")
        #expect(attempt.httpVersion == "1.1")
        // What is on record is what was sent, in order, but for the credentials.
        #expect(attempt.requestHeaders.map(\.name) == request.headers.map(\.name))
        let secrets = ["Authorization", "X-Fermion-Webhook-Secret"]
        for (recorded, sent) in zip(attempt.requestHeaders, request.headers) {
            #expect(recorded.value == (secrets.contains(sent.name) ? "***" : sent.value))
        }
    }

    @Test func fellowsFormGoesOutAsDocumented() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let workspace = try TestEnvironment()
        let dispatcher = try await workspace.dispatcher(
            """
              - { name: fellow, url: "\(receiver.url)/", profile: fellow, topics: ["**"] }
            """
        )
        let event = try Event(topic: "program.completed", data: #"{"program":{"id":7},"memberId":"a b&c"}"#)
        let log = try await dispatcher.deliver(event)
        let request = try #require(try await receiver.waitForRequests(count: 1).first)
        #expect(request.body.text == "programId=7&memberId=a+b%26c&event=PROGRAMMEMBER_COMPLETED")
        #expect(request.header("Content-Type") == "application/x-www-form-urlencoded")
        #expect(log.first?.delivery.mode == .singleShot)
    }

    @Test func oneEventReachesEveryDialectWithOneBodyEach() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let workspace = try TestEnvironment()
        let dispatcher = try await workspace.dispatcher(
            """
              - { name: a, url: "\(receiver.url)/a", profile: braincert, payload: { "**": $data }, schema: off, topics: [course.*] }
              - { name: b, url: "\(receiver.url)/b", profile: braincert, payload: { "**": $data }, schema: off, topics: [course.enrollment] }
              - { name: c, url: "\(receiver.url)/c", profile: loopwise, payload: { "**": $data }, schema: off, topics: ["**"] }
              - { name: d, url: "\(receiver.url)/d", profile: braincert, payload: { "**": $data }, schema: off, topics: ["**"], tenant: other }
            """
        )
        let log = try await dispatcher.deliver(Event(topic: "course.enrollment", data: #"{"id":1}"#, tenant: "school"))
        #expect(log.map(\.delivery.subscription) == ["a", "b", "c"])
        #expect(log.allSatisfy { $0.delivery.state == .delivered })
        #expect(log[0].attempts[0].requestBody == log[1].attempts[0].requestBody)
        #expect(receiver.requestCount == 3)
    }
}
