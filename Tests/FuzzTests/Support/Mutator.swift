import WebhookSimulation

/// Changes bytes a little: what hostile input looks like when it comes close to good input.
struct Mutator {
    /// Pieces that mean something to the code under test.
    let dictionary: [[UInt8]]
    /// Longer inputs are cut.
    let maxLength: Int
    var random: SeededGenerator

    init(dictionary: [String], maxLength: Int, seed: UInt64) {
        let oddities: [[UInt8]] = [
            [0x00], [0x80], [0xC3], [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xEF, 0xBB, 0xBF],
            [0xF4, 0x90, 0x80, 0x80],
            [0xE2, 0x80, 0xA8], [0xCC, 0x81], [0xF0, 0x9F, 0x98, 0x80], [0x0D, 0x0A], [0x09], [0x7F],
        ]
        self.dictionary = dictionary.map { Array($0.utf8) } + oddities
        self.maxLength = maxLength
        random = SeededGenerator(seed: seed)
    }

    /// A new input out of those in the pool.
    mutating func next(from pool: [[UInt8]]) -> [UInt8] {
        var bytes = pool.randomElement(using: &random) ?? []
        // Mostly few changes, so that most of the input stays good; sometimes many.
        let count = Int.random(in: 0..<10, using: &random) == 0 ? 16 : Int.random(in: 1...4, using: &random)
        for _ in 0..<count { change(&bytes, pool) }
        return bytes.count > maxLength ? Array(bytes.prefix(maxLength)) : bytes
    }

    private mutating func change(_ bytes: inout [UInt8], _ pool: [[UInt8]]) {
        let place = Int.random(in: 0...bytes.count, using: &random)
        switch Int.random(in: 0..<9, using: &random) {
        case 0, 1: bytes.insert(contentsOf: dictionary.randomElement(using: &random) ?? [], at: place)
        case 2:
            let end = min(bytes.count, place + Int.random(in: 1...12, using: &random))
            bytes.replaceSubrange(place..<end, with: dictionary.randomElement(using: &random) ?? [])
        case 3: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...4, using: &random)))
        case 4: bytes.removeSubrange(range(in: bytes))
        case 5: if place < bytes.count { bytes[place] = UInt8.random(in: .min ... .max, using: &random) }
        case 6: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
        case 7:
            let chunk = bytes[range(in: bytes)]
            let times = Int.random(in: 0..<8, using: &random) == 0 ? 64 : 1
            for _ in 0..<times where bytes.count < maxLength { bytes.insert(contentsOf: chunk, at: place) }
        default:
            let other = pool.randomElement(using: &random) ?? []
            bytes.insert(contentsOf: other[range(in: other)], at: place)
        }
    }

    private mutating func range(in bytes: [UInt8]) -> Range<Int> {
        let start = Int.random(in: 0...bytes.count, using: &random)
        return start..<min(bytes.count, start + Int.random(in: 0...64, using: &random))
    }
}
