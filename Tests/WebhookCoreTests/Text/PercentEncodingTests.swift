import Testing

@testable import WebhookCore

@Suite struct PercentEncodingTests {
    @Test func everyByteComesBack() {
        for letters in PercentEncoding.Letters.allCases {
            for byte in UInt8.min...UInt8.max {
                var encoded: [UInt8] = []
                PercentEncoding.append(byte, to: &encoded, letters: letters)
                #expect(encoded.count == 3)
                #expect(PercentEncoding.byte(at: 0, of: encoded) == byte)
                #expect(PercentEncoding.decode(String(decoding: encoded, as: UTF8.self)) == [byte])
            }
        }
    }

    @Test func onlyWhatIsAskedForIsEncoded() {
        #expect(PercentEncoding.encode("/a b/100%?é#") { "%?#".utf8.contains($0) } == "/a b/100%25%3Fé%23")
    }

    @Test(arguments: ["%", "a%4", "%g0", "%0g", "%%41", "%４1"])
    func missingDigits(_ text: String) {
        #expect(PercentEncoding.decode(text) == nil)
    }
}
