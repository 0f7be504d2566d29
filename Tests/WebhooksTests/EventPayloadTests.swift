import Foundation
import Testing
import WebhookCore
import Webhooks

/// Events whose data are values of the host's.
@Suite struct EventPayloadTests {
    private struct Price: Encodable {
        var amount: Decimal
        var currency: String
    }

    private struct Course: Encodable {
        var name: String
        var id: Int
        var price: Price?
        var start: Date
        var page: URL
        var cover: Data
        var weight: Double
        var labels: [String: String]
        var topics: Set<String>
        var open: Bool
    }

    private struct CourseCreated: EventPayload {
        static let topic = "course.created"
        var zone: String
        var course: Course
    }

    private func course(_ change: (inout Course) -> Void = { _ in }) throws -> Course {
        var course = Course(
            name: "Größe \"1\"/\n",
            id: 101,
            price: Price(amount: try #require(Decimal(string: "1234567890123456789.10")), currency: "EUR"),
            start: Date(timeIntervalSince1970: 1_772_357_400.123),
            page: try #require(URL(string: "https://lms.example.com/c/101?a=b")),
            cover: Data([0xFB, 0xFF]),
            weight: 2,
            labels: Dictionary(uniqueKeysWithValues: (0..<40).map { ("k\($0)", "v") }),
            topics: Set((0..<40).map { "t\($0)" }),
            open: true
        )
        change(&course)
        return course
    }

    @Test("Members stand as declared, dictionaries and sets sorted, Foundation's values as on the wire")
    func order() throws {
        let event = try Event(CourseCreated(zone: "z", course: try course()), id: "evt-1", tenant: "school-42")
        #expect(event.topic == "course.created" && event.tenant == "school-42")
        let text = event.data.text
        #expect(
            text.hasPrefix(
                #"{"zone":"z","course":{"name":"Größe \"1\"/\n","id":101,"price":{"amount":1234567890123456789.1,"#
                    + #""currency":"EUR"},"start":"2026-03-01T09:30:00.123Z","page":"https://lms.example.com/c/101?a=b","#
                    + #""cover":"+/8=","weight":2,"labels":{"k0":"v","k1":"v","k10":"v","k11":"v","#
            ),
            "\(text)"
        )
        #expect(text.contains(#""topics":["t0","t1","t10","t11","#) && text.hasSuffix(#"],"open":true}}"#))
        #expect(try Event(topic: "a", encoding: try course { $0.price = nil }).data.text.contains("price") == false)
    }

    /// Each of these dictionaries has its own order, as it has in another process: the hash depends on its capacity.
    @Test func sameBytes() throws {
        var seen: Set<ByteString> = []
        for number in 0..<10_000 {
            let course = try course { course in
                course.labels = Dictionary(minimumCapacity: number % 97 + 40)
                for key in (0..<40).shuffled() { course.labels["k\(key)"] = "v" }
                course.topics = Set(minimumCapacity: number % 89 + 40)
                for item in (0..<40).shuffled() { course.topics.insert("t\(item)") }
            }
            seen.insert(try Event(topic: "a.b", encoding: course).data)
        }
        #expect(seen.count == 1)
    }

    private struct Point: Encodable, Hashable { var x: Int }
    private enum Color: String, Encodable, CodingKeyRepresentable { case red, blue }

    /// Hands its encoder on, so that no encoder sees the dictionary as a value.
    private struct Wrapper: Encodable {
        var values: [String: Int]
        func encode(to encoder: any Encoder) throws { try values.encode(to: encoder) }
    }

    private class Base: Encodable { var a = 1 }
    private final class Derived: Base {
        var b = 2
        enum Keys: CodingKey { case b, nested, list }
        override func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Keys.self)
            var list = container.nestedUnkeyedContainer(forKey: .list)
            var nested = container.nestedContainer(keyedBy: Keys.self, forKey: .nested)
            try container.encode(b, forKey: .b)
            try list.encode(1)
            try nested.encode(UInt128.max, forKey: .b)
            try list.encodeNil()
            try super.encode(to: container.superEncoder())
        }
    }

    @Test("What others' encoders do comes out as it should")
    func shapes() throws {
        func data(_ value: some Encodable) throws -> String { try Event(topic: "a", encoding: value).data.text }
        #expect(try data(Wrapper(values: ["b": 1, "a": 2, "é": 3, "c": 4])) == #"{"a":2,"b":1,"c":4,"é":3}"#)
        #expect(try data([3: "c", 1: "a", 20: "b"]) == #"{"1":"a","20":"b","3":"c"}"#)
        #expect(try data([Color.red: 1, .blue: 2]) == #"{"blue":2,"red":1}"#)
        #expect(try data([Point(x: 2): 1, Point(x: 1): 5]) == #"[{"x":1},5,{"x":2},1]"#)
        #expect(
            try data(Derived())
                == #"{"list":[1,null],"nested":{"b":340282366920938463463374607431768211455},"b":2,"super":{"a":1}}"#
        )
        #expect(try data([1.5, -0.25, 1e300, 1e-7, 100, 0.1]) == "[1.5,-0.25,1e+300,1e-07,100,0.1]")
        #expect(try data(["a": nil, "b": 1 as Int?]) == #"{"a":null,"b":1}"#)
        #expect(try data("text") == "\"text\"")
        #expect(try data(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))).count == 38)
        #expect(try data(Timestamp(milliseconds: 0)) == "\"1970-01-01T00:00:00.000Z\"")
    }

    private indirect enum Chain: Encodable {
        case end
        case next(Chain)
        func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            if case .next(let chain) = self { try container.encode(chain) }
        }
    }

    private struct Refusing: Encodable {
        struct Secret: Error { var text = "hunter2" }
        func encode(to encoder: any Encoder) throws { throw Secret() }
    }

    private struct Silent: Encodable { func encode(to encoder: any Encoder) {} }

    @Test("What can't be written names the member and quotes nothing")
    func problems() throws {
        func problem(_ value: some Encodable) -> WebhooksError? {
            #expect(throws: WebhooksError.self) { try Event(topic: "a", encoding: value) }
        }
        let infinite = problem(["course": ["prices": [1, .infinity]]])
        #expect(infinite?.code == .event && infinite?.key == "data.course.prices.1")
        #expect(infinite?.message.contains("no infinity") == true)
        #expect(problem(Double.nan)?.key == "data")
        #expect(problem([Decimal.nan])?.key == "data.0")
        #expect(problem([Date(timeIntervalSince1970: 1e18)])?.key == "data.0")
        #expect(problem(["a b\u{1B}": Float.infinity])?.key == "data.…")
        let refused = problem(["a": Refusing()])
        #expect(refused?.key == "data.a" && refused?.message.contains("hunter2") == false)
        #expect(problem([Silent()])?.key == "data.0")
        var chain = Chain.end
        for _ in 0..<600 { chain = .next(chain) }
        #expect(problem(chain)?.message.contains("nested more than 512") == true)
    }

    @Test func times() throws {
        let date = Date(timeIntervalSince1970: 1_772_357_400.1234)
        let event = try Event(topic: "a", encoding: 1, occurredAt: date, deliverAt: date)
        #expect(event.occurredAt == Timestamp(milliseconds: 1_772_357_400_123) && event.deliverAt == event.occurredAt)
        #expect(event.occurredAtIsGiven)
        #expect(Timestamp(event.occurredAt.date) == event.occurredAt)
        let later = try Event(topic: "a", data: "1", id: "e", deliverIn: .seconds(3600))
        #expect(later.deliverAt == nil && later.deliverIn == .seconds(3600), "nobody has emitted it yet")
        let first = later.emitted(at: Timestamp(milliseconds: 1_000))
        #expect(first.deliverAt == Timestamp(milliseconds: 3_601_000))
        let again = later.emitted(at: Timestamp(milliseconds: 2_000))
        #expect(again.deliverAt == Timestamp(milliseconds: 3_602_000))
        var stored = first
        stored.deliverIn = nil
        #expect(again.hasSameContent(as: stored) && stored.hasSameContent(as: again), "it counts from the first time")
        stored.deliverAt = nil
        #expect(again.differences(from: stored) == ["deliverAt"], "one that was for at once is another")
        #expect(try Event(topic: "a", data: "1", occurredAt: date).occurredAt == event.occurredAt)
        for (key, make) in [
            ("deliverIn", { try Event(topic: "a", data: "1", deliverIn: .seconds(-1)) }),
            ("deliverIn", { try Event(topic: "a", data: "1", deliverIn: .seconds(Int64.max)) }),
            ("deliverIn", { try Event(topic: "a", encoding: 1, deliverAt: date, deliverIn: .zero) }),
            ("occurredAt", { try Event(topic: "a", encoding: 1, occurredAt: .distantPast - 1e12) }),
            ("deliverAt", { try Event(topic: "a", encoding: 1, deliverAt: Date(timeIntervalSince1970: .nan)) }),
            ("topic", { try Event(topic: "a b", encoding: 1) }),
        ] as [(String, () throws -> Event)] {
            let error = #expect(throws: WebhooksError.self) { try make() }
            #expect(error?.key == key && error?.code == .event)
        }
    }
}
