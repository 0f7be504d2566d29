extension IPAddress {
    /// Reads an address in its strict spelling: four decimal numbers without leading zeros, or IPv6 as in RFC 4291
    /// section 2.2, `::` and an embedded dotted quad included. No brackets, no zone, no port.
    public init?(_ text: String) {
        let bytes = Array(text.utf8)
        if let bits = Self.quad(bytes[...]) {
            self = .v4(bits)
        } else if let (high, low) = Self.groups(bytes[...]) {
            self = .v6(high, low)
        } else {
            return nil
        }
    }

    private static func quad(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), maxSplits: 4, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var value: UInt32 = 0
            for byte in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                value = value * 10 + UInt32(byte - UInt8(ascii: "0"))
            }
            guard value <= 255 else { return nil }
            bits = bits << 8 | value
        }
        return bits
    }

    private static func groups(_ text: ArraySlice<UInt8>) -> (high: UInt64, low: UInt64)? {
        guard text.count <= 45 else { return nil }
        let colon = UInt8(ascii: ":")
        let gap = text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
        var units: [UInt16]
        if let gap {
            guard let before = list(text[..<gap], mayEndInQuad: false),
                let after = list(text[(gap + 2)...], mayEndInQuad: true), before.count + after.count < 8
            else { return nil }
            units = before + Array(repeating: 0, count: 8 - before.count - after.count) + after
        } else {
            guard let all = list(text, mayEndInQuad: true), all.count == 8 else { return nil }
            units = all
        }
        let joined = { (part: ArraySlice<UInt16>) in part.reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
        return (joined(units[..<4]), joined(units[4...]))
    }

    /// Groups joined by single colons; none for an empty text.
    private static func list(_ text: ArraySlice<UInt8>, mayEndInQuad: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var units: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInQuad, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let bits = quad(part) else { return nil }
                units.append(UInt16(truncatingIfNeeded: bits >> 16))
                units.append(UInt16(truncatingIfNeeded: bits))
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var unit: UInt16 = 0
            for byte in part {
                guard let digit = JSONScanner.hexValue(byte) else { return nil }
                unit = unit << 4 | digit
            }
            units.append(unit)
        }
        return units
    }
}
