import Testing
import WebhookCore
import WebhookSimulation

/// `parse` and `validate` share a scanner but not their walk: on any input they must agree, down to the error's place.
@Suite struct JSONAgreementTests {
    private static let seeds = [
        #"{"id":101,"name":"Ünïcode \u00e9 \ud83d\ude00","tags":["a","b",[]],"price":-12.50e+3,"ok":true,"none":null}"#,
        #"[[[1,2],{"a":{"b":[{}]}}],"",0.0,false]"#,
        "  {\n \"a\" : [ 1 , 2 ] ,\r\n\t\"b\" : \"\\\\\\\"\" }  ",
        #"{"a":1,"a":[],"":{"\/":"\b\f"}}"#,
    ].map { Array($0.utf8) }

    private static let fragments =
        ["{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "d800", "0", "-", ".", "e", "null", "tru", " ", "\n"]
        .map { Array($0.utf8) } + [[0xC3], [0x80], [0xED, 0xA0, 0x80], [0xF0, 0x9F, 0x98, 0x80], [0x00], [0xFF]]

    @Test(arguments: 0..<8 as Range<UInt64>)
    func agreeOnMutatedDocuments(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var accepted = 0
        for _ in 0..<2500 {
            var bytes = Self.seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) { Self.mutate(&bytes, using: &random) }
            let document = ByteString(bytes)
            let parsed = outcome { () throws(JSONError) in try JSON.parse(document).range }
            let validated = outcome { () throws(JSONError) in try JSON.validate(document) }
            switch (parsed, validated) {
            case (.success(let one), .success(let other)):
                accepted += 1
                #expect(one == other, "\(bytes)")
                #expect(document.validatedText != nil, "\(bytes)")
            case (.failure(let one), .failure(let other)):
                #expect(one == other, "\(bytes)")
            default:
                Issue.record("one accepts what the other refuses: \(bytes)")
            }
        }
        #expect(accepted > 50)
    }

    private static func mutate(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes.insert(contentsOf: fragments.randomElement(using: &random) ?? [], at: place)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...3, using: &random)))
        case 2: if place < bytes.count { bytes[place] = UInt8.random(in: .min ... .max, using: &random) }
        default: bytes.removeLast(Int.random(in: 0...min(3, bytes.count), using: &random))
        }
    }
}

private func outcome(_ work: () throws(JSONError) -> Range<Int>) -> Result<Range<Int>, JSONError> {
    do { return .success(try work()) } catch { return .failure(error) }
}
