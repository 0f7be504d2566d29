import Testing
import WebhookCore

/// What a payload may look like for a topic's fields.
@Suite struct FieldCheckerTests {
    private let fields = [
        ProfileField(name: "id", type: .integer),
        ProfileField(
            name: "kind",
            type: .string(format: "date-time", values: ["a", "b"], constant: nil),
            isOptional: true
        ),
        ProfileField(name: "note", type: .string(format: nil, values: [], constant: nil), isNullable: true),
        ProfileField(
            name: "list",
            type: .array(.object([ProfileField(name: "ok", type: .boolean(constant: true))])),
            isOptional: true
        ),
        ProfileField(name: "map", type: .map(.number), isOptional: true),
        ProfileField(name: "u", type: .union([.integer, .object([])]), isOptional: true),
        ProfileField(name: "any", type: .any, isOptional: true),
    ]

    @Test(arguments: [
        #"{"id":1,"note":null}"#, #"{"id":1.0,"note":"","kind":"a","more":[]}"#,
        #"{"id":1,"note":"x","list":[{"ok":true}],"map":{"a":1.5},"u":{},"any":null}"#, #"{"id":-1e3,"note":"","u":3}"#,
        #"{"id":"x","id":2,"note":null}"#,
    ])
    func fits(_ json: String) throws {
        #expect(FieldChecker.violations(of: try JSON.parse(ByteString(json)), fields) == [])
    }

    @Test(arguments: [
        ("[]", "the payload is no object, and is a list"), (#"{"note":""}"#, "id is missing"),
        (#"{"id":null,"note":""}"#, "id must be a whole number, and is null"),
        (#"{"id":1.5,"note":""}"#, "id must be a whole number"),
        (#"{"id":"1","note":""}"#, "id must be a whole number, and is a text"),
        (#"{"id":1}"#, "note is missing"), (#"{"id":1,"note":"","kind":"c"}"#, #"kind is none of "a", "b""#),
        (#"{"id":1,"note":"","list":[{"ok":true},{"ok":false}]}"#, "list.1.ok must be true"),
        (#"{"id":1,"note":"","map":{"secret":"x"}}"#, "map.* must be a number, and is a text"),
        (#"{"id":1,"note":"","u":"x"}"#, "u is of none of the allowed types, and is a text"),
    ])
    func doesNotFit(_ json: String, _ violation: String) throws {
        #expect(FieldChecker.violations(of: try JSON.parse(ByteString(json)), fields) == [violation])
    }

    @Test(arguments: [
        (#"{"id":1,"note":null}"#, true),
        (#" { "note" : "\u00e9" , "id" : -0 , "more" : [ {"a":null}, 1e5 ] } "#, true),
        (#"{"id":1,"note":"x","list":[{"ok":true},{"ok":true,"b":{}}],"map":{"a":1.5},"u":{},"any":null}"#, true),
        (#"{"id":1,"note":"","u":3,"kind":"b"}"#, true),
        // What it leaves to a closer look: they fit.
        (#"{"id":1.0,"note":""}"#, false), (#"{"id":"x","id":2,"note":null}"#, false),
        (#"{"\u0069d":1,"note":""}"#, false), (#"{"id":1,"note":"","kind":"\u0061"}"#, false),
        (#"{"id":1,"note":"","map":{"\u0061":1.5}}"#, false),
        // What doesn't fit, or is no JSON.
        (#"{"id":1}"#, false), (#"{"id":1,"note":""} x"#, false), (#"{"id":01,"note":""}"#, false), ("", false),
        (#"{"id":1,"note":"","list":[{"ok":false}]}"#, false), (#"{"id":1,"note":"","any":nul}"#, false),
        (#"{"id":1,"note":"","more":[}"#, false), (#"{"id":1,"note":"","map":{"a":null}}"#, false), ("[]", false),
        (#"{"id":1,"note":"",}"#, false), (#"{"id":1,"note":"","u":null}"#, false),
    ])
    func oneWalkTells(_ json: String, _ fits: Bool) {
        #expect(FieldPlan(fields).fits(ByteString(json)) == fits)
    }

    @Test func aWalkGoesNoDeeperThanTheParser() {
        let plan = FieldPlan([ProfileField(name: "a", type: .any, isOptional: true)])
        func nested(_ depth: Int) -> ByteString {
            ByteString(#"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + "}")
        }
        #expect(plan.fits(nested(511)))
        #expect(!plan.fits(nested(512)))
        #expect(!plan.fits(nested(1_000_000)))
    }

    @Test func manyFieldsAreLookedAtClosely() {
        let many = (0..<65).map { ProfileField(name: "f\($0)", type: .integer, isOptional: true) }
        #expect(!FieldPlan(many).fits("{}"))
        #expect(FieldPlan(Array(many.dropLast())).fits(#"{"f63":1}"#))
    }

    @Test func severalAreListed() throws {
        let many = (0..<9).map { ProfileField(name: "f\($0)", type: .integer) }
        #expect(FieldChecker.violations(of: try JSON.parse("{}"), many).count == 5)
    }
}
