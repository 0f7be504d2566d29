import Testing

@testable import WebhookCore

/// What the bytes of a text say about the characters in it.
@Suite struct ControlCharactersTests {
    @Test func findsExactlyUnicodesCategoryCc() {
        for value in UInt32(0)...0x4FF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let isControl = scalar.properties.generalCategory == .control
            for text in ["\(scalar)", "Â\(scalar)b", "more than fits into a small string\(scalar)"] {
                #expect(text.hasControlCharacters == isControl, "U+\(String(value, radix: 16))")
                #expect(text.dropFirst(0).hasControlCharacters == isControl, "U+\(String(value, radix: 16))")
            }
        }
        #expect(!"".hasControlCharacters)
    }

    @Test func findsAByteWhereverItStands() {
        let dot = UInt8(ascii: ".")
        for text in ["", "a", "évt", "a text without that byte that is longer than a small string"] {
            #expect(!text.hasByte(dot))
            for marked in [".\(text)", "\(text).", "\(text).\(text)"] { #expect(marked.hasByte(dot)) }
        }
    }
}
