import Testing
import WebhookCore

@testable import WebhookRegistry

/// Mappings as they stand in a file, and what is wrong with them.
@Suite struct PayloadLoaderTests {
    private func load(_ text: String, paths: [String]? = nil) -> (value: PayloadValue?, problems: [String]) {
        let problems = Problems()
        var loader = PayloadLoader(
            problems: problems,
            wire: [WireName(key: "type", value: "seven")],
            variables: [Variable(name: "school", value: .text("north"))]
        )
        if let paths {
            loader.pathProblem = { paths.contains($0.joined(separator: ".")) ? nil : "unknown path" }
        }
        let value = (try? DocumentReader.read(ByteString(text), file: "m.yaml")).flatMap(loader.load)
        return (value, problems.sorted(mainFile: "m.yaml").map { "\($0.line ?? 0):\($0.column ?? 0): \($0.message)" })
    }

    @Test func everyForm() {
        let (value, problems) = load(
            """
            id: [$data.userId, $data.user.id | text]
            "note?": $vars.school
            paid: { $if: { data.currency: INR }, $then: $data.total | minorUnits($data.currency), $else: 0 }
            name: { $join: [$data.first, $data.last], $with: ", " }
            state: { $from: $data.state, $values: { paid: Complete, 7: null } }
            items: { $each: $data.items, $item: { n: $item.name | trim | upper } }
            all: { $list: [$wire.type, $$x, 1.50, true, null] }
            "...": $data.more
            $$ref: $occurredAt.date
            """
        )
        #expect(problems == [])
        func data(_ path: String..., by conversions: [PayloadConversion] = []) -> PayloadValue {
            .reference(.data(path: path), conversions)
        }
        func member(_ name: String, _ value: PayloadValue, optional: Bool = false) -> PayloadMember {
            .value(name: name, isOptional: optional, value)
        }
        let filter = FilterLoader(problems: Problems())
            .load(ConfigNode(inr: SourcePlace(file: "m.yaml", line: 1, column: 1)))
        let expected: [PayloadMember] = [
            member("id", .firstOf([data("userId"), data("user", "id", by: [.text])])),
            member("note", .reference(.vars("school"), []), optional: true),
            member(
                "paid",
                .conditional(
                    filter ?? Filter(entries: []),
                    then: data("total", by: [.minorUnits(.ofCode(.data(path: ["currency"])))]),
                    otherwise: .literal("0")
                )
            ),
            member("name", .join([data("first"), data("last")], separator: ", ")),
            member(
                "state",
                .lookup(
                    data("state"),
                    [PayloadCase(match: "paid", literal: "\"Complete\""), PayloadCase(match: "7", literal: "null")]
                )
            ),
            member(
                "items",
                .each(
                    data("items"),
                    item: .object([member("n", .reference(.item(path: ["name"]), [.trim, .upper]))])
                )
            ),
            member(
                "all",
                .list([
                    .reference(.wire("type"), []), .literal("\"$x\""), .literal("1.50"), .literal("true"),
                    .literal("null"),
                ])
            ),
            .merge(.data(path: ["more"])),
            member("$ref", .reference(.occurredAt(.date), [])),
        ]
        #expect(value == .object(expected))
    }

    @Test(arguments: [
        ("a: $data.x | txt", "1:4: unknown conversion `txt`; did you mean `text`?"),
        ("a: $data.x | decimal", "1:4: `decimal` needs the number of decimals, 0 to 20: decimal(2)"),
        ("a: $data.x | scale(10)", "1:4: `scale` needs a power of ten, -9 to 9: scale(2)"),
        ("a: $data.x | text(1)", "1:4: `text` takes nothing in brackets"),
        ("a: $item.x", "1:4: $item stands within `$item` of `$each` alone"),
        ("a: $payload.x", "1:4: a mapping makes the payload, so it can't look into it; the event's own is $data"),
        ("a: $wire.typ", "1:4: the topic has no wire name `typ`; did you mean `type`?"),
        ("a: $vars.scool", "1:4: `vars` has no `scool`; did you mean `school`?"),
        ("a: $vars.school | integer", "1:4: this constant is no whole number"),
        ("a: $wire.type | unix", "1:4: this constant is no time"),
        ("a: []", "1:4: a list names places to look in: it needs at least one; an empty list is { $list: [] }"),
        (
            "a: [1, 2]",
            "1:4: a list names places to look in, such as $data.id; a list of constants is { $list: [a, b] }"
        ),
        ("a: [free, $data.x]", "1:5: this constant is always found: what follows is never looked for"),
        ("a: { $each: $data.x }", "1:4: `$each` needs `$item` beside it"),
        ("a: { $each: $data.x, $item: 1, $with: 2 }", "1:32: the key does not go with `$each`"),
        ("a: { $eech: $data.x }", "1:6: this is no instruction; did you mean `$each`?"),
        (
            "a: { $from: $data.x, $values: [1] }",
            "1:31: `$values` is a mapping of values to constants: { paid: Complete }"
        ),
        ("a: { $from: $data.x, $values: { a: $data.y } }", "1:36: `$values` holds constants alone"),
        ("a: { $if: {}, $then: 1 }", "1:11: `$if` needs a filter: { data.order.currency: INR }"),
        ("\"...\": $wire.type", "1:8: `...` takes the members of an object of the event: \"$data\" or \"$data.path\""),
        ("a?: 1\na: 2", "2:1: the member stands here twice"),
        ("\"?\": 1", "1:1: a member needs a name"),
    ])
    func problem(_ text: String, _ expected: String) {
        #expect(load(text).problems == [expected])
    }

    @Test func paths() {
        let known = ["user.id", "items", "items.0.name", "total"]
        let text = """
            a: $data.user.id
            b: $data.usr.id
            c: { $each: $data.items, $item: [$item.name, $item.nmae] }
            d: { $if: { data.totl: 1 }, $then: $data.total }
            """
        #expect(load(text, paths: known).problems == ["2:4: unknown path", "3:46: unknown path", "4:11: unknown path"])
    }

    @Test func depth() {
        let text = String(repeating: "{ a: ", count: 40) + "1" + String(repeating: " }", count: 40)
        #expect(load(text).problems.map { $0.split(separator: ": ").last } == ["a mapping nests at most 32 deep"])
    }
}

extension ConfigNode {
    /// `{ data.currency: INR }`
    fileprivate init(inr place: SourcePlace) {
        let text = ConfigNode(value: .scalar("INR", isPlain: true), place: place)
        self.init(value: .mapping([Member(key: "data.currency", place: place, value: text)]), place: place)
    }
}
