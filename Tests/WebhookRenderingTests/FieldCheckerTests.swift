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

    @Test func severalAreListed() throws {
        let many = (0..<9).map { ProfileField(name: "f\($0)", type: .integer) }
        #expect(FieldChecker.violations(of: try JSON.parse("{}"), many).count == 5)
    }
}
