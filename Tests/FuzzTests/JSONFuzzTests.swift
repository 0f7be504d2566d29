import Foundation
import Testing
import WebhookCore

/// `parse` and `validate` agree on any input, every node's slice is itself again, and Foundation takes what we take.
@Suite struct JSONFuzzTests {
    @Test func anyInput() async throws {
        let fuzzer = Fuzzer(
            name: "json",
            corpus: try Corpus.files("json").map(\.bytes),
            dictionary: [
                "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "\\ud83d\\ude00", "\\udc00", "\\ud800", "null",
                "true",
                "false", "-0", "0.5", "1e999", "1E-7", "9007199254740993", " ", "\n", "[[[[[[[[", "{\"a\":", "\"a\":1",
                "//",
            ]
        )
        await fuzzer.run { input throws(Finding) in try Self.check(input) }
    }

    private static func check(_ bytes: [UInt8]) throws(Finding) -> String {
        let document = ByteString(bytes)
        switch (
            outcome { () throws(JSONError) in try JSON.parse(document) },
            outcome { () throws(JSONError) in try JSON.validate(document) }
        ) {
        case (.success(let value), .success(let range)):
            try Finding.expect(value.range == range, "parse and validate disagree on the range")
            try Finding.expect(document.validatedText != nil, "bad UTF-8 was accepted")
            var context = Facts()
            try check(value, depth: 1, within: 0..<bytes.count, &context)
            // Lone surrogates, in keys too.
            if context.isTame, !document.text.contains("\\u") {
                try Finding.expect(foundationTakes(bytes), "Foundation refuses what we accept")
            }
            return "accepted, depth \(context.depth), \(context.kinds.sorted())"
        case (.failure(let one), .failure(let other)):
            try Finding.expect(one == other, "parse says \(one), validate says \(other)")
            try Finding.expect(one.line >= 1 && one.column >= 1, "no place: \(one)")
            // Foundation takes UTF-16, byte order marks and a comma too many.
            let text = String(document.text.filter { !$0.isWhitespace })
            let isStrict =
                document.validatedText != nil && !bytes.contains(0) && !bytes.starts(with: [0xEF, 0xBB, 0xBF])
            if isStrict, !text.contains(",]"), !text.contains(",}"), !one.reason.hasPrefix("nested deeper") {
                try Finding.expect(!foundationTakes(bytes), "Foundation accepts what we refuse: \(one)")
            }
            return one.reason
        default:
            throw Finding("one accepts what the other refuses")
        }
    }

    private struct Facts {
        var depth = 0
        var kinds: Set<String> = []
        /// True when nothing stands in it that readers differ over.
        var isTame = true
    }

    private static func check(_ value: JSONValue, depth: Int, within outer: Range<Int>, _ context: inout Facts)
        throws(Finding)
    {
        context.depth = max(context.depth, depth)
        if depth > 500 { context.isTame = false }
        try Finding.expect(outer.contains(value.range), "a node lies outside of its parent")
        let raw = value.raw
        guard case .success(let again) = outcome({ () throws(JSONError) in try JSON.parse(raw) }) else {
            throw Finding("a node's slice is no JSON")
        }
        try Finding.expect(again.range == 0..<raw.count, "a node's slice has white space around it")
        switch (value.kind, again.kind) {
        case (.null, .null): context.kinds.insert("null")
        case (.bool(let one), .bool(let other)) where one == other: context.kinds.insert("bool")
        case (.number(let one), .number(let other)) where one == other && one == raw.text:
            context.kinds.insert("number")
            if one.utf8.count > 15 || one.contains("e") || one.contains("E") { context.isTame = false }
        case (.string(let one), .string(let other)) where one.utf8.elementsEqual(other.utf8):
            context.kinds.insert(raw.text.contains("\\") ? "escapes" : "string")
            let text = outcome { () throws(JSONError) in try JSON.parse(ByteString(JSON.string(one))) }
            guard case .success(let value) = text, case .string(let same) = value.kind,
                same.utf8.elementsEqual(one.utf8)
            else { throw Finding("a text does not survive being written and read") }
        case (.array(let items), .array):
            context.kinds.insert("array")
            for item in items { try check(item, depth: depth + 1, within: value.range, &context) }
        case (.object(let members), .object):
            context.kinds.insert("object")
            for member in members {
                try Finding.expect(value.document[member.keyOffset] == UInt8(ascii: "\""), "a key's offset is wrong")
                if member.key.utf8.contains(0) { context.isTame = false }
                try check(member.value, depth: depth + 1, within: value.range, &context)
            }
        default:
            throw Finding("a node's slice is another value")
        }
    }

    private static func foundationTakes(_ bytes: [UInt8]) -> Bool {
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
    }
}

private func outcome<Value>(_ work: () throws(JSONError) -> Value) -> Result<Value, JSONError> {
    do { return .success(try work()) } catch { return .failure(error) }
}

extension Range<Int> {
    fileprivate func contains(_ other: Range<Int>) -> Bool {
        lowerBound <= other.lowerBound && other.upperBound <= upperBound
    }
}
