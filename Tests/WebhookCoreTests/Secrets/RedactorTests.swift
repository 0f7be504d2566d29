import Foundation
import Testing
import WebhookCore

@Suite struct RedactorTests {
    /// At any offset within both.
    @Test func base64OfBase64() {
        let secret = "correct?horse>battery~staple"
        let redactor = Redactor(secrets: [secret])
        for before in 0..<3 {
            for between in 0..<3 {
                for isURLSafe in [false, true] {
                    var once = Data((String(repeating: "a", count: before) + secret + "zz").utf8).base64EncodedString()
                    if isURLSafe {
                        once = once.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
                    }
                    let twice = Data((String(repeating: "b", count: between) + once).utf8).base64EncodedString()
                    let shown = redactor.redact(twice)
                    // What is left are the characters that mix with the neighbours.
                    #expect(shown.contains("***") && shown.utf8.count < 25, "\(shown)")
                }
            }
        }
    }

    @Test(arguments: ["s3cret-value", "p@ss:word/+?", "ключ-ключ", "abcd"])
    func masksHex(secret: String) {
        let redactor = Redactor(secrets: [secret])
        for format in ["%02x", "%02X"] {
            func hex(_ text: String) -> String { text.utf8.map { String(format: format, $0) }.joined() }
            #expect(redactor.redact(hex("a" + secret + "zz")) == hex("a") + "***" + hex("zz"))
        }
    }

    @Test func masksTexts() {
        let redactor = Redactor(secrets: ["s3cret-value", "s3cret", "abc"])
        #expect(redactor.redact("x s3cret-value y s3cret z") == "x *** y *** z")
        #expect(redactor.redact("s3crets3cret") == "******")
        #expect(redactor.redact("abc s3cre") == "abc s3cre")
        #expect(redactor.redact("") == "")
        #expect(Redactor(secrets: ["abc", ""]).isEmpty)
        #expect(Redactor(secrets: []).redact("s3cret") == "s3cret")
    }

    @Test(arguments: ["s3cret-value", "p@ss:word/+?", "ключ-ключ", "abcd", "\u{FF}\u{FE}~~??>>"])
    func masksBase64AtAnyOffset(secret: String) {
        let redactor = Redactor(secrets: [secret])
        let bytes = Array(secret.utf8)
        for before in 0..<7 {
            for after in 0..<4 {
                let run = [UInt8](repeating: 0x75, count: before) + bytes + [UInt8](repeating: 0x7A, count: after)
                for alphabet in [Base64.standard, Base64.url] {
                    let encoded = Base64.encode(run, alphabet)
                    let redacted = redactor.redact("Basic \(encoded);")
                    #expect(redacted.contains("***"), "\(encoded)")
                    // What is left on either side holds at most the bits mixed with a neighbour.
                    #expect(redacted.utf8.count <= encoded.utf8.count - bytes.count * 8 / 6 + 13, "\(redacted)")
                }
            }
        }
    }

    @Test func masksEscapedEchoes() {
        let redactor = Redactor(secrets: ["a\"b/c d&é"])
        #expect(redactor.redact(#"{"echo":"a\"b/c d&é"}"#) == #"{"echo":"***"}"#)
        #expect(redactor.redact(#"{"echo":"a\"b\/c d&é"}"#) == #"{"echo":"***"}"#)
        #expect(redactor.redact("k=a%22b%2Fc+d%26%C3%A9&x=1") == "k=***&x=1")
        #expect(redactor.redact("k=a%22b%2fc%20d%26%c3%a9") == "k=***")
    }

    /// What URL, JSON, JavaScript, HTML and XML writers make of one secret; no two leave the same characters alone.
    @Test(arguments: [
        "p@ss/w+rd ü&<1>", "p%40ss%2Fw%2Brd%20%C3%BC%26%3C1%3E", "p%40ss/w%2Brd%20%C3%BC%26%3C1%3E",
        "p@ss/w+rd%20%C3%BC&%3C1%3E", "p%40ss%2fw%2brd+%c3%bc%26%3c1%3e", "p%40ss/w%2Brd+%C3%BC%26%3C1%3E",
        "p@ss%2Fw%2Brd+%c3%BC&%3C1%3E", #"p@ss\/w+rd ü&<1>"#, #"p@ss\/w+rd \u00fc\u0026\u003c1\u003e"#,
        #"p@ss/w+rd \u00FC\u0026<1>"#, #"p\x40ss\x2fw\x2Brd \u00fc\x26\x3c1\x3E"#, "p@ss/w+rd ü&amp;&lt;1&gt;",
        "p@ss&#x2F;w+rd ü&#38;&#60;1&#62;", "p&#64;ss&#x2f;w&#x2B;rd&#32;&#xfc;&#x00026;&#X3c;1&gt;",
        "p@ss&sol;w&plus;rd ü&amp;&lt;1&gt;", "p%2540ss%252Fw%252Brd%2520%25C3%25BC%2526%253C1%253E",
        "cEBzcy93K3JkIMO8JjwxPg", "cEBzcy93K3JkIMO8JjwxPg%3D%3D",
    ])
    func masksWhateverIsEscaped(echo: String) {
        let redactor = Redactor(secrets: ["p@ss/w+rd ü&<1>"])
        #expect(redactor.redact("[\(echo)]").dropFirst().prefix(3) == "***", "\(redactor.redact(echo))")
        for count in [echo.utf8.count, echo.utf8.count - 1, echo.utf8.count - 2] {
            let cut = ByteString(Array(echo.utf8.prefix(count)))
            #expect(redactor.redact(cut, isCutOff: true).text.hasPrefix("***"))
        }
    }

    @Test func masksSecretsThatLookEscapedThemselves() {
        let redactor = Redactor(secrets: ["100%25+a&amp;b\\n"])
        #expect(redactor.redact("<100%25+a&amp;b\\n>") == "<***>")
        #expect(redactor.redact("<100%2525%2Ba%26amp%3Bb%5Cn>") == "<***>")
        #expect(redactor.redact("<100%25+a&amp;amp;b\\\\n>") == "<***>")
        // Both readings fit at every place, which must not multiply.
        let many = Redactor(secrets: [String(repeating: "\\", count: 60) + "x"])
        #expect(many.redact(String(repeating: "\\", count: 300)) == String(repeating: "\\", count: 300))
    }

    @Test func leavesOtherTextAlone() {
        let redactor = Redactor(secrets: ["p@ss/w+rd"])
        for text in [
            "100% & more + \\ %zz %4 &#; &#xZ; &nope; \\u12 \\uD800x \\x4", "%", "&", "\\", "+", "&#99999999999;",
        ] {
            #expect(redactor.redact(text) == text)
            #expect(redactor.redact(ByteString(text), isCutOff: true).text == text)
        }
    }

    @Test func masksBytesAndHeaders() {
        let redactor = Redactor(secrets: ["s3cret-value"])
        #expect(
            redactor.redact(ByteString([0xFF] + Array("s3cret-value".utf8) + [0x00])).bytes == [
                0xFF, 0x2A, 0x2A, 0x2A, 0x00,
            ]
        )
        #expect(
            redactor.redact([HTTPHeader("X-Echo", "Bearer s3cret-value"), HTTPHeader("X-s3cret-value", "a")])
                == [HTTPHeader("X-Echo", "Bearer ***"), HTTPHeader("X-***", "a")]
        )
    }

    @Test func masksASecretCutInHalf() {
        let redactor = Redactor(secrets: ["s3cret-value"])
        #expect(redactor.redact("x s3cret-va" as ByteString, isCutOff: true) == "x ***")
        #expect(redactor.redact("x s3cret-va" as ByteString, isCutOff: false) == "x s3cret-va")
        #expect(redactor.redact("x s3cret-va;" as ByteString, isCutOff: true) == "x s3cret-va;")
    }
}

private enum Base64 {
    static let standard = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    static let url: [UInt8] = standard.dropLast(2) + Array("-_".utf8)

    static func encode(_ bytes: [UInt8], _ alphabet: [UInt8]) -> String {
        var output: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < bytes.count ? Int(bytes[start + $1]) : 0) }
            let used = min(bytes.count - start, 3) + 1
            output += (0..<4).map { $0 < used ? alphabet[group >> (18 - 6 * $0) & 63] : UInt8(ascii: "=") }
        }
        return String(decoding: output, as: UTF8.self)
    }
}
