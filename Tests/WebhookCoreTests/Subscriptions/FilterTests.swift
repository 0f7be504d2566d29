import Testing
import WebhookCore

@Suite struct FilterTests {
    private static let data: ByteString = #"""
        {"total":100.0,"big":9007199254740993,"huge":1e999,"zero":-0,"name":"Zoë","empty":"","none":null,"yes":true,
         "course":{"id":101,"tags":["a","b",3]},"text":"101"}
        """#

    private static func number(_ text: String) -> Filter.Operand {
        guard let number = ExactDecimal(text) else { preconditionFailure("the test misspelt a number: \(text)") }
        return .number(number)
    }

    private func accepts(_ path: String, _ condition: Filter.Condition) throws -> Bool {
        let event = try Event(topic: "order.paid", data: Self.data, id: "evt-1", tenant: "school-42")
        let entry = Filter.Entry(path: path.split(separator: ".").map(String.init), condition: condition)
        return Filter(entries: [entry]).accepts(event, data: try JSON.parse(event.data))
    }

    @Test(
        arguments: [
            ("data.total", .equals(number("100")), true), ("data.total", .equals(number("1e2")), true),
            ("data.total", .equals(number("100.01")), false), ("data.big", .equals(number("9007199254740992")), false),
            ("data.big", .greater(number("9007199254740992")), true), ("data.huge", .greater(number("1e998")), true),
            ("data.huge", .equals(number("10e998")), true), ("data.zero", .equals(number("0")), true),
            ("data.zero", .less(number("0")), false), ("data.total", .greaterOrEqual(number("100")), true),
            ("data.total", .greater(number("100")), false), ("data.total", .lessOrEqual(number("99.99")), false),
            ("data.total", .less(number("100.01")), true), ("data.course.id", .equals(number("101")), true),
            ("data.text", .equals(number("101")), false), ("data.text", .equals(.text("101")), true),
            ("data.text", .greater(number("1")), false), ("data.text", .greater(.text("1009")), true),
            ("data.name", .equals(.text("Zo\u{EB}")), true), ("data.name", .equals(.text("Zoe\u{308}")), false),
            ("data.name", .startsWith("Zo"), true), ("data.name", .startsWith("zo"), false),
            ("data.name", .endsWith("ë"), true),
            ("data.name", .endsWith("Zoëë"), false), ("data.name", .contains(.text("o")), true),
            ("data.name", .contains(.text("")), true),
            ("data.empty", .startsWith(""), true), ("data.empty", .contains(.text("a")), false),
            ("data.total", .startsWith("1"), false), ("data.total", .contains(.text("1")), false),
            ("data.course.tags", .contains(.text("b")), true), ("data.course.tags", .contains(number("3.0")), true),
            ("data.course.tags", .contains(.text("3")), false), ("data.course.tags.1", .equals(.text("b")), true),
            ("data.none", .equals(.null), true), ("data.none", .exists(true), true),
            ("data.none", .notEquals(.null), false),
            ("data.yes", .equals(.bool(true)), true), ("data.yes", .equals(.text("true")), false),
            ("data.yes", .notEquals(.bool(false)), true), ("data.course", .notEquals(.text("x")), true),
            ("data.total", .isIn([number("1"), number("100")]), true), ("data.total", .isIn([]), false),
            ("data.total", .isNotIn([number("100")]), false), ("data.total", .isNotIn([.text("100")]), true),
            ("topic", .equals(.text("order.paid")), true), ("tenant", .startsWith("school"), true),
            ("id", .equals(.text("evt-1")), true),
            ("test", .equals(.bool(false)), true), ("data", .exists(true), true),
        ] as [(String, Filter.Condition, Bool)]
    )
    func judges(path: String, condition: Filter.Condition, expected: Bool) throws {
        #expect(try accepts(path, condition) == expected)
        // Where a path leads somewhere, `not` is the opposite.
        #expect(try accepts(path, .not(condition)) == !expected)
    }

    @Test(arguments: ["data.missing", "data.total.x", "data.course.tags.9", "nothing", "topic.x"])
    func aMissingPathMakesAnEntryFalse(path: String) throws {
        for condition: Filter.Condition in [
            .equals(.null), .notEquals(.null), .isNotIn([]), .exists(true), .less(Self.number("1")),
            .not(.equals(.null)),
            .not(.exists(false)), .not(.not(.equals(.null))), .contains(.text("")), .startsWith(""),
        ] {
            #expect(try !accepts(path, condition))
        }
        #expect(try accepts(path, .exists(false)))
        #expect(try accepts(path, .not(.exists(true))))
        #expect(try accepts(path, .any([.exists(false), .equals(.null)])))
        #expect(try !accepts(path, .all([.exists(false), .equals(.null)])))
    }

    @Test func findsPartsOfTexts() throws {
        let letters = ["a", "b", "é"]
        // Every text of up to five of three letters, in every one of up to six of two.
        func texts(_ letters: [String], _ count: Int) -> [String] {
            (0..<count).reduce(into: [[""]]) { all, _ in
                all.append((all.last ?? []).flatMap { text in letters.map { text + $0 } })
            }
            .flatMap { $0 }
        }
        let parts = texts(letters, 3)
        for text in texts(["a", "é"], 6) {
            let event = try Event(topic: "a", data: ByteString(JSON.string(text)))
            let data = try JSON.parse(event.data)
            for part in parts {
                let filter = Filter(entries: [.init(path: ["data"], condition: .contains(.text(part)))])
                let expected = text.utf8.indices.contains { text.utf8[$0...].starts(with: part.utf8) } || part.isEmpty
                #expect(filter.accepts(event, data: data) == expected, "\(part) in \(text)")
            }
        }
    }

    @Test func findsNumbersInLists() throws {
        let spellings = [
            "0", "-0", "0.00e7", "1", "-1", "1.0", "10e-1", "0.1e1", "0.001e3", "1E+0", "10", "1e1", "101", "1010e-1",
            "0.01",
            "1e-2", "12", "1.2e1", "1e999999999999999", "1e1000000000000000", "0e1000000000000000", "100.10", "100.1",
        ]
        for wanted in spellings {
            guard let number = ExactDecimal(wanted) else { continue }
            for other in spellings {
                let event = try Event(topic: "a", data: ByteString("[null,\(other)]"))
                let filter = Filter(entries: [.init(path: ["data"], condition: .contains(.number(number)))])
                let isEqual = ExactDecimal(other) == number
                #expect(filter.accepts(event, data: try JSON.parse(event.data)) == isEqual, "\(wanted) and \(other)")
            }
        }
    }

    @Test func countsItsParts() {
        let texts: Filter.Condition = .isIn([.text("ab"), .text("abcd"), .null])
        let part = Filter(entries: [
            .init(path: ["data", "abc"], condition: .any([texts, .not(.contains(.text("a")))]))
        ])
        let filter = Filter(
            entries: [.init(path: ["topic"], condition: .all([.exists(true), .equals(Self.number("12.34500"))]))],
            alternatives: [[part, part], [part]],
            exclusions: [part]
        )
        let size = filter.size
        #expect(size.conditions == 10 && size.values == 12 && size.longest == 8)
        let rule = PayloadValue.list([
            .conditional(
                filter,
                then: .firstOf([.conditional(part, then: .literal("1"), otherwise: nil)]),
                otherwise: nil
            )
        ])
        #expect(rule.filterSize.conditions == 12 && rule.filterSize.values == 15)
    }

    @Test func combines() throws {
        let low = Self.number("10")
        let high = Self.number("1000")
        #expect(try accepts("data.total", .all([.greater(low), .less(high)])))
        #expect(try !accepts("data.total", .all([.greater(low), .greater(high)])))
        #expect(try accepts("data.total", .any([.less(low), .less(high)])))
        #expect(try !accepts("data.total", .any([])))
        #expect(try accepts("data.total", .all([])))
    }

    @Test func allEntriesMustHold() throws {
        let event = try Event(topic: "a", data: "{\"x\":1}")
        let value = try JSON.parse(event.data)
        let holds = Filter.Entry(path: ["data", "x"], condition: .exists(true))
        let fails = Filter.Entry(path: ["data", "x"], condition: .exists(false))
        #expect(Filter(entries: []).accepts(event, data: value))
        #expect(Filter(entries: [holds, holds]).accepts(event, data: value))
        #expect(!Filter(entries: [holds, fails]).accepts(event, data: value))
    }

    @Test func groupsBesideThePaths() throws {
        let event = try Event(topic: "a", data: "{\"x\":1}")
        let value = try JSON.parse(event.data)
        let holds = Filter(entries: [.init(path: ["data", "x"], condition: .exists(true))])
        let fails = Filter(entries: [.init(path: ["data", "y"], condition: .equals(.null))])
        func accepts(_ alternatives: [[Filter]], _ exclusions: [Filter] = []) -> Bool {
            Filter(entries: holds.entries, alternatives: alternatives, exclusions: exclusions)
                .accepts(event, data: value)
        }
        #expect(accepts([[fails, holds]]))
        #expect(!accepts([[fails, fails]]))
        #expect(!accepts([[holds], [fails]]))
        // A missing path makes the entry within false, and what must not hold doesn't.
        #expect(accepts([], [fails]))
        #expect(!accepts([], [fails, holds]))
    }
}
