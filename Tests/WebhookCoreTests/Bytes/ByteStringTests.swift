import Testing
import WebhookCore

@Suite struct ByteStringTests {
    @Test func keepsBytes() {
        let bytes: [UInt8] = [0, 1, 0xFF, 0x80]
        #expect(ByteString(bytes).bytes == bytes)
        #expect(ByteString(bytes[1...]).bytes == [1, 0xFF, 0x80])
        #expect(ByteString(bytes.reversed() as ReversedCollection).bytes == [0x80, 0xFF, 1, 0])
        #expect(ByteString(bytes)[2] == 0xFF)
        #expect(ByteString(bytes).slice(1..<3).bytes == [1, 0xFF])
        #expect(ByteString(bytes).validatedText == nil)
        #expect(ByteString("é").text == "é")
        #expect(ByteString.empty.isEmpty && ByteString("").count == 0 && ByteString("") == .empty)
    }

    @Test func comparesByContent() {
        #expect(ByteString("abc") == "abc")
        #expect(ByteString("abc") != "abd")
        #expect(ByteString("abc") != "ab")
        #expect(ByteString("abc").hashValue == ByteString(Array("abc".utf8)).hashValue)
    }

    @Test func keepsWhatTheInitialiserWrote() {
        let bytes = ByteString(unsafeUninitializedCapacity: 8) { buffer in
            buffer[0] = 7
            return 1
        }
        #expect(bytes.bytes == [7])
    }

    @Test func printsItsSizeAlone() {
        #expect("\(ByteString("hunter2"))" == "7 bytes")
    }
}
