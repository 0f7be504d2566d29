import Testing
import WebhookCore

@Suite struct RedactorTests {
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
