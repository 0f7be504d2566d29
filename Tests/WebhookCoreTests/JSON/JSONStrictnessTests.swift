import Testing
import WebhookCore

/// What RFC 8259 allows and what it doesn't; `parse` and `validate` must say the same.
@Suite struct JSONStrictnessTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "-0.0e-0", "1E+2", "1e2", "12345678901234567890.5", "\"\"", "[]", "{}",
        " \t\r\n[ 1 , 2 ] \n", "{ \"a\" : { } , \"b\" : [ ] }", "[[[]]]",
        #""\u0000\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00""#,
        #""\ud800""#, #""\udc00\ud800""#, #""\ud800\u0041""#, "\"\u{7F}\u{80}\u{FFFF}\u{10FFFF}\"", "{\"a\":1,\"a\":2}",
        "{\"\":0}",
        "\"\u{2028}\u{2029}\"", "[1,[2,{\"a\":[null]}],\"x\"]",
    ])
    func accepts(text: String) throws {
        let document = ByteString(text)
        let value = try JSON.parse(document)
        #expect(try JSON.validate(document) == value.range)
    }

    @Test(arguments: [
        "", " ", "nul", "nulL", "True", "NaN", "Infinity", "-Infinity", "undefined", "'a'", "a", "-", "+1", ".5", "1.",
        "1.e1",
        "01", "-01", "00", "1e", "1e+", "1e1.5", "0x10", "1_000", "1 2", "\"", "\"a", "\"\\\"", "\"\\x41\"", "\"\\'\"",
        "\"\\u12\"",
        "\"\\u123g\"", "\"\\U0041\"", "\"\\", "\"\\u", "\"a\nb\"", "\"a\tb\"", "\"\u{0}\"", "\"\u{1F}\"", "[", "]",
        "[1", "[1,",
        "[1,]", "[,1]", "[,]", "[1 2]", "[1;2]", "[1}", "{", "}", "{a:1}", "{'a':1}", "{\"a\"", "{\"a\":", "{\"a\":}",
        "{\"a\" 1}",
        "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{1:2}", "{\"a\":1]", "{\"a\":1 \"b\":2}", "{\"a\"::1}",
        "// c\n1", "/* c */ 1",
        "1 // c", "# c\n1", "\u{FEFF}1", "1\u{FEFF}", "\u{A0}1", "\u{2028}1", "\u{B}1", "\u{C}1", "1\u{0}", "[1]x",
        "{}{}", "truefalse",
        "nulll", "\"a\"b",
    ])
    func refuses(text: String) {
        let document = ByteString(text)
        let parsed = #expect(throws: JSONError.self) { try JSON.parse(document) }
        let validated = #expect(throws: JSONError.self) { try JSON.validate(document) }
        #expect(parsed == validated)
    }

    /// Overlong forms, surrogates, values past U+10FFFF, lone and missing continuation bytes.
    @Test(
        arguments: [
            [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF],
            [0xE1, 0x80],
            [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xF1, 0x80, 0x80], [0xE1, 0x80, 0x41],
        ] as [[UInt8]]
    )
    func refusesIllFormedUTF8(bytes: [UInt8]) {
        for document in [[0x22] + bytes + [0x22], [0x22] + bytes, bytes].map({ ByteString($0) }) {
            #expect(throws: JSONError.self) { try JSON.parse(document) }
            #expect(throws: JSONError.self) { try JSON.validate(document) }
        }
    }

    @Test(arguments: ["[": "]", "{\"a\":": "}"].map { ($0, $1) })
    func boundsTheDepth(open: String, close: String) throws {
        func nested(_ depth: Int, _ inner: String) -> ByteString {
            ByteString(String(repeating: open, count: depth) + inner + String(repeating: close, count: depth))
        }
        for inner in ["1", "[]"] {
            let deepest = nested(inner == "1" ? 512 : 511, inner)
            #expect(try JSON.parse(deepest).range == 0..<deepest.count)
            #expect(try JSON.validate(deepest) == 0..<deepest.count)
        }
        let tooDeep = nested(513, "1")
        let failure = #expect(throws: JSONError.self) { try JSON.parse(tooDeep) }
        #expect(failure?.offset == 512 * open.utf8.count)
        #expect(failure?.reason == "nested deeper than 512 levels")
        #expect(throws: JSONError.self) { try JSON.validate(tooDeep) }
        #expect(throws: JSONError.self) { try JSON.parse(nested(2, "1"), maxDepth: 1) }
        #expect(throws: JSONError.self) { try JSON.validate(nested(1, "1"), maxDepth: 0) }
    }

    @Test func refusesAbsurdDepthWithoutUsingUpTheStack() {
        for text in [String(repeating: "[", count: 100_000), String(repeating: "{\"a\":[", count: 100_000)] {
            let document = ByteString(text)
            #expect(throws: JSONError.self) { try JSON.parse(document, maxDepth: .max) }
            #expect(throws: JSONError.self) { try JSON.validate(document, maxDepth: .max) }
        }
    }

    @Test(arguments: [
        ("[1,\n 2,\n x]", 9, 3, 2), ("{\"é\":\"ü\", x}", 12, 1, 11), ("\"a\u{1}\"", 2, 1, 3), ("[1,2", 4, 1, 5),
        ("1 2", 2, 1, 3),
        ("[\r\n01]", 4, 2, 2), ("\u{FEFF}1", 0, 1, 1), ("", 0, 1, 1),
    ])
    func saysWhere(text: String, offset: Int, line: Int, column: Int) {
        let failure = #expect(throws: JSONError.self) { try JSON.parse(ByteString(text)) }
        #expect(failure?.offset == offset)
        #expect(failure?.line == line)
        #expect(failure?.column == column)
    }

    /// Strings are read eight bytes at a time: every byte at every place, also beside bytes that look like it.
    @Test(arguments: 0...255 as ClosedRange<UInt8>)
    func findsEveryByteInAString(byte: UInt8) {
        for neighbour: UInt8 in [0x20, 0x21, 0x23, 0x5B, 0x5D, 0x61, 0x7F] {
            for place in 0..<20 {
                var text = [UInt8(ascii: "\"")] + Array(repeating: neighbour, count: 20) + [UInt8(ascii: "\"")]
                text[place + 1] = byte
                let offset: Int? =
                    switch byte {
                    case 0..<0x20, 0x80...: place + 1
                    case UInt8(ascii: "\""): neighbour == 0x20 ? 21 : place + 2
                    // An escape with its neighbour, or with the closing quote.
                    case UInt8(ascii: "\\"): place < 19 ? place + 1 : 22
                    default: nil
                    }
                var found: Int?
                do throws(JSONError) { _ = try JSON.validate(ByteString(text)) } catch { found = error.offset }
                if found != offset { Issue.record("\(byte) beside \(neighbour) at \(place): \(found ?? -1)") }
            }
        }
    }
}
