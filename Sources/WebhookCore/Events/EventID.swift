/// Generated event ids: `evt_` and 26 characters of Crockford's base 32, time-ordered like a ULID.
public enum EventID {
    /// An id for now, from the system's clock and random source.
    public static func generate() -> String {
        var random = SystemRandomNumberGenerator()
        return make(at: .now, using: &random)
    }

    /// An id for a moment: 48 bits of milliseconds, then 80 random bits.
    public static func make(at time: Timestamp, using random: inout some RandomNumberGenerator) -> String {
        let high = random.next()
        let low = random.next()
        return String(unsafeUninitializedCapacity: 30) { buffer in
            for (index, byte) in "evt_".utf8.enumerated() { buffer[index] = byte }
            var milliseconds = UInt64(max(0, time.milliseconds))
            for index in stride(from: 13, through: 4, by: -1) {
                buffer[index] = digit(milliseconds)
                milliseconds >>= 5
            }
            var (first, second) = (high, low)
            for index in 14..<22 {
                buffer[index] = digit(first)
                first >>= 5
            }
            for index in 22..<30 {
                buffer[index] = digit(second)
                second >>= 5
            }
            return 30
        }
    }

    private static func digit(_ value: UInt64) -> UInt8 {
        let alphabet: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        return alphabet.utf8Start[Int(value & 31)]
    }
}
