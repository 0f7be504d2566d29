import Foundation
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// What is read of the log is `Codable` in the JSON of the command line.
@Suite struct LogCodingTests {
    private func sample() -> (Delivery, Attempt) {
        let delivery = Delivery(
            id: Delivery.ID(rawValue: 42),
            event: "evt-1",
            topic: "course.created",
            tenant: nil,
            subscription: "crm",
            state: .waiting,
            mode: .singleShot,
            attempts: 2,
            nextAttemptAt: Timestamp(milliseconds: 1_772_357_400_000),
            lastStatus: nil,
            lastError: .responseTooLarge,
            createdAt: Timestamp(milliseconds: 1_772_357_399_123),
            settledAt: nil,
            isTest: false,
            retriggerOf: Delivery.ID(rawValue: 7)
        )
        var attempt = Attempt(
            number: 2,
            startedAt: delivery.createdAt,
            url: "https://crm.example.com/",
            requestHeaders: [HTTPHeader("Host", "crm.example.com"), HTTPHeader("X-A", "1")],
            requestBody: "{\"a\": \"é\"}"
        )
        (attempt.outcome, attempt.status, attempt.error) = (.failed, 503, .status)
        attempt.responseBody = ByteString([0xFF, 0x00, 0x10, 0x41] as [UInt8])
        attempt.duration = .microseconds(12_345)
        attempt.phases.dns = .microseconds(1_000)
        return (delivery, attempt)
    }

    @Test func thereAndBack() throws {
        let (delivery, attempt) = sample()
        let (encoder, decoder) = (JSONEncoder(), JSONDecoder())
        #expect(try decoder.decode(Delivery.self, from: encoder.encode(delivery)) == delivery)
        #expect(try decoder.decode(Attempt.self, from: encoder.encode(attempt)) == attempt)
        for size in 0..<7 {
            var other = attempt
            other.requestBody = ByteString((0..<size).map { UInt8(250 - $0) })
            #expect(try decoder.decode(Attempt.self, from: encoder.encode(other)) == other)
        }
        for bad in ["A", "A=AA", "AAA", "AB==", "AA=A", "A-==", "===="] { #expect(Base64.decode(bad) == nil, "\(bad)") }
    }

    /// `JSONLine` is what the command line and the export print.
    @Test("An encoder writes the members that the command line prints")
    func sameAsPrinted() throws {
        let (delivery, attempt) = sample()
        func printed(_ value: some JSONForm) -> String {
            var line = JSONLine()
            value.write(to: &line)
            return String(decoding: line.bytes.dropLast(), as: UTF8.self)
        }
        #expect(try StableJSONEncoder().encode(delivery).text == printed(delivery))
        #expect(try StableJSONEncoder().encode(attempt).text == printed(attempt))
        #expect(
            printed(delivery)
                == #"{"id":"dlv_42","event":"evt-1","topic":"course.created","tenant":null,"subscription":"crm","#
                + #""state":"waiting","mode":"single-shot","attempts":2,"nextAttemptAt":"2026-03-01T09:30:00.000Z","#
                + #""lastStatus":null,"lastError":"response_too_large","createdAt":"2026-03-01T09:29:59.123Z","#
                + #""settledAt":null,"test":false,"retriggerOf":"dlv_7"}"#
        )
        #expect(printed(attempt).contains(#""responseBodyBase64":"/wAQQQ==","responseTruncated":false"#))
        let phases = #""phasesMs":{"dns":1,"connect":null,"tls":null,"firstByte":null}}"#
        #expect(printed(attempt).hasSuffix(#""durationMs":12.345,"# + phases))
        #expect(printed(attempt).contains(#""requestHeaders":[["Host","crm.example.com"],["X-A","1"]],"#))
    }

    @Test func ofAStore() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let workspace = try TestEnvironment()
        let dispatcher = try await workspace.dispatcher(
            """
              - { name: crm, url: "\(receiver.url)/", topics: [a.b], secrets: [whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw] }
            """
        )
        _ = try await dispatcher.deliver(Event(topic: "a.b", data: "{}", id: "e"))
        let event = try #require(try await dispatcher.log.events(EventQuery()).first)
        let decoded = try JSONDecoder().decode(LoggedEvent.self, from: JSONEncoder().encode(event))
        #expect(decoded == event && decoded.deliveryCount == 1)
        let overview = try #require(try await dispatcher.overview().first)
        let text = try StableJSONEncoder().encode(overview).text
        #expect(
            text.hasPrefix(#"{"subscription":"crm","enabled":true,"disabledReason":null,"delivered":1,"failed":0,"#)
        )
    }
}
