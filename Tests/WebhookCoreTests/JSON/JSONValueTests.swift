import Testing
import WebhookCore

@Suite struct JSONValueTests {
    @Test func keepsOrderDuplicatesAndNumberText() throws {
        let value = try JSON.parse(#" {"b":1.50, "a":-0e+00, "b":12345678901234567890} "#)
        let members = try #require(value.object)
        #expect(members.map(\.key) == ["b", "a", "b"])
        #expect(members.map(\.keyOffset) == [2, 12, 24])
        #expect(members.map { $0.value.raw.text } == ["1.50", "-0e+00", "12345678901234567890"])
        #expect(value["b"]?.raw == "12345678901234567890")
        #expect(value["c"] == nil)
    }

    @Test func everyNodeKnowsItsBytes() throws {
        let value = try JSON.parse(" [ {\"k\" : [ 1,2 ]} , \"\\u00e9\" ] ")
        #expect(value.raw == "[ {\"k\" : [ 1,2 ]} , \"\\u00e9\" ]")
        #expect(value.value(at: ["0"])?.raw == "{\"k\" : [ 1,2 ]}")
        #expect(value.value(at: ["0", "k"])?.raw == "[ 1,2 ]")
        #expect(value.value(at: ["0", "k", "1"])?.raw == "2")
        #expect(value.value(at: ["1"])?.raw == "\"\\u00e9\"")
        #expect(value.value(at: ["1"])?.string == "é")
    }

    /// From one end to the other, the look-ups would take ten thousand million comparisons.
    @Test func aLargeObjectIsAskedOften() throws {
        let count = 100_000
        let text = "{" + (0..<count).map { "\"key\($0)\":\($0)" }.joined(separator: ",") + "}"
        let value = try JSON.parse(ByteString(text))
        var found = 0
        for index in 0..<count where value["key\(index)"]?.raw.text == String(index) { found += 1 }
        #expect(found == count)
        #expect(value["key"] == nil)
    }

    @Test(arguments: [0, 14, 15, 16, 100])
    func lookUpIsTheSameInSmallAndLargeObjects(others: Int) throws {
        let text = (0..<others).map { "\"x\($0)\":0," }.joined()
        let value = try JSON.parse(ByteString("{\"a\":1,\"\u{E9}\":2,\(text)\"e\u{301}\":3,\"a\":4,\"\":5}"))
        #expect(value["a"]?.raw == "4")
        #expect(value["\u{E9}"]?.raw == "2")
        #expect(value["e\u{301}"]?.raw == "3")
        #expect(value[""]?.raw == "5")
        #expect(value["b"] == nil)
    }

    @Test(arguments: ["+0", "-0", "2", "", " 0", "0x0", "99999999999999999999"])
    func refusesOddIndices(index: String) throws {
        #expect(try JSON.parse("[1,2]").value(at: [index]) == nil)
    }

    @Test func anObjectKeyOfDigitsIsAKey() throws {
        #expect(try JSON.parse(#"{"0":"a"}"#).value(at: ["0"])?.string == "a")
        #expect(try JSON.parse(#"{"a":null}"#).value(at: ["a"])?.isNull == true)
        #expect(try JSON.parse(#"{"a":null}"#).value(at: ["a", "b"]) == nil)
    }

    @Test func keysAreComparedByTheirBytes() throws {
        let value = try JSON.parse(#"{"\u00e9":1,"e\u0301":2}"#)
        #expect(value["\u{E9}"]?.raw == "1")
        #expect(value["e\u{301}"]?.raw == "2")
    }

    @Test(arguments: [
        (#""\ud83d\ude00""#, "😀"), (#""\uD83D""#, "\u{FFFD}"), (#""\uDE00\uD83D""#, "\u{FFFD}\u{FFFD}"),
        (#""\ud83dA""#, "\u{FFFD}A"), (#""\ud83d\u0041""#, "\u{FFFD}A"), (#""\ud83d\n""#, "\u{FFFD}\n"),
        (#""\ud83d\ud83d\ude00""#, "\u{FFFD}😀"), (#""\u0000""#, "\u{0}"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        ("\"\u{1F600}\"", "😀"),
    ])
    func unescapes(text: String, expected: String) throws {
        let value = try JSON.parse(ByteString(text))
        #expect(value.string?.unicodeScalars.elementsEqual(expected.unicodeScalars) == true)
        #expect(value.raw == ByteString(text))
    }

    @Test func writesStringsThatReadBack() throws {
        let text = String(String.UnicodeScalarView((0..<0x250).compactMap(Unicode.Scalar.init))) + "😀\u{2028}\u{FFFF}"
        let written = JSON.string(text)
        #expect(try JSON.parse(ByteString(written)).string?.unicodeScalars.elementsEqual(text.unicodeScalars) == true)
        #expect(JSON.string("a\"\\/\n\u{1F}\u{7F}é") == "\"a\\\"\\\\/\\n\\u001f\u{7F}é\"")
    }
}
