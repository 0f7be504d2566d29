import Testing
import WebhookCore

@Suite struct EventTests {
    @Test func passesDataOnByteForByte() throws {
        let event = try Event(topic: "course.created", data: " \n{ \"a\" : 1.50 } ")
        #expect(event.data == "{ \"a\" : 1.50 }")
        #expect(event.tenant == nil && event.deliverAt == nil && !event.isTest && !event.occurredAtIsGiven)
        #expect(Event.isValidID(event.id))
        for scalar in ["null", "\"text\"", "42", "[]"] as [ByteString] {
            #expect(try Event(topic: "a", data: scalar).data == scalar)
        }
    }

    @Test func saysInWhatAnIDClashes() throws {
        let event = try Event(topic: "a.b", data: "1", id: "x", tenant: "t")
        #expect(event.differences(from: event) == [])
        let later = try Event(topic: "a.b", data: "1", id: "x", tenant: "t", deliverAt: .now)
        #expect(event.differences(from: later) == ["deliverAt"])
        let other = try Event(topic: "a.c", data: "2", id: "x", isTest: true)
        #expect(event.differences(from: other) == ["topic", "data", "tenant", "test"])
        #expect(event.conflictText(["deliverAt"]).hasSuffix("is stored already (its deliverAt differs)"))
        #expect(event.conflictText(["topic", "data", "test"]).hasSuffix("(its topic, data and test differ)"))
    }

    @Test func refusesWhatIsNoEvent() {
        #expect(throws: WebhooksError.eventTopic) { try Event(topic: "course created", data: "1") }
        #expect(throws: WebhooksError.eventTopic) { try Event(topic: "course.*", data: "1") }
        #expect(throws: WebhooksError.eventTopic) { try Event(topic: "course..created", data: "1") }
        for id in ["", "a b", "a\n", "é", "\u{7F}", String(repeating: "a", count: 257)] {
            #expect(throws: WebhooksError.eventID) { try Event(topic: "a", data: "1", id: id) }
        }
        for tenant in ["", "a\u{0}", "a\u{85}", "\u{7F}", "a\tb", "a\u{9F}", String(repeating: "é", count: 129)] {
            #expect(throws: WebhooksError.eventTenant) { try Event(topic: "a", data: "1", tenant: tenant) }
        }
        #expect(throws: WebhooksError.self) { try Event(topic: "a", data: "{") }
        #expect(throws: WebhooksError.self) { try Event(topic: "a", data: "") }
    }

    @Test func takesTheLimits() throws {
        let longest = String(repeating: "~", count: 256)
        #expect(try Event(topic: "a", data: "1", id: longest).id == longest)
        let tenant = "Schule Süd \u{A0}" + String(repeating: "é", count: 121)
        #expect(try Event(topic: "a", data: "1", tenant: tenant).tenant == tenant)
    }

    @Test func refusesTooMuchData() throws {
        func text(_ size: Int) -> ByteString {
            ByteString(unsafeUninitializedCapacity: size) { buffer in
                buffer.initializeMemory(as: UInt8.self, repeating: UInt8(ascii: "a"))
                buffer[0] = UInt8(ascii: "\"")
                buffer[size - 1] = UInt8(ascii: "\"")
                return size
            }
        }
        #expect(try Event(topic: "a", data: text(20_000_000)).data.count == 20_000_000)
        #expect(throws: WebhooksError.eventTooLarge) { try Event(topic: "a", data: text(20_000_001)) }
    }

    @Test func tellsTheSameEventFromAnother() throws {
        let given = Timestamp(milliseconds: 5)
        let event = try Event(topic: "a", data: "1", id: "x", occurredAt: given)
        #expect(event.hasSameContent(as: try Event(topic: "a", data: "1", id: "x")))
        #expect(try Event(topic: "a", data: "1", id: "x").hasSameContent(as: event))
        for other in [
            try Event(topic: "b", data: "1", id: "x"), try Event(topic: "a", data: "1.0", id: "x"),
            try Event(topic: "a", data: "1", id: "x", tenant: "t"),
            try Event(topic: "a", data: "1", id: "x", isTest: true),
            try Event(topic: "a", data: "1", id: "x", deliverAt: given),
            try Event(topic: "a", data: "1", id: "x", occurredAt: Timestamp(milliseconds: 6)),
        ] {
            #expect(!event.hasSameContent(as: other))
        }
    }

    @Test func errorsNeverQuoteTheData() {
        let failure = #expect(throws: WebhooksError.self) { try Event(topic: "a", data: "{\"pw\": hunter2}") }
        #expect(failure.map { "\($0)" }?.contains("hunter") == false)
        #expect(failure.map { "\($0)" }?.contains("line 1, column 8") == true)
    }
}
