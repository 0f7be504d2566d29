/// An IPv4 or IPv6 address.
package enum IPAddress: Sendable, Hashable {
    /// In host byte order: 127.0.0.1 is 0x7F000001.
    case v4(UInt32)
    /// The upper and lower 64 bits, in host byte order.
    case v6(UInt64, UInt64)

    /// The number of bits: 32 or 128.
    package var bitWidth: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The IPv4 address in an IPv4-mapped one (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2), which a socket connects to
    /// as if it were given that; `nil` for any other address.
    package var mappedIPv4: IPAddress? {
        guard case .v6(0, let low) = self, low >> 32 == 0xFFFF else { return nil }
        return .v4(UInt32(truncatingIfNeeded: low))
    }

    /// The address with all but its first `length` bits zero.
    func masked(to length: Int) -> IPAddress {
        switch self {
        case .v4(let bits): .v4(bits & ~(UInt32.max >> UInt32(clamping: length)))
        case .v6(let high, let low):
            .v6(
                high & ~(UInt64.max >> UInt64(clamping: length)),
                low & ~(UInt64.max >> UInt64(clamping: length - 64))
            )
        }
    }
}

extension IPAddress: CustomStringConvertible {
    /// The usual spelling: a dotted quad, or RFC 5952 (lower case, the longest run of zeros as `::`, IPv4-mapped dotted).
    package var description: String {
        switch self {
        case .v4(let bits): Self.dottedQuad(bits)
        case .v6(0, let low) where low >> 32 == 0xFFFF: "::ffff:" + Self.dottedQuad(UInt32(truncatingIfNeeded: low))
        case .v6(let high, let low): Self.groups(high, low)
        }
    }

    private static func dottedQuad(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    private static func groups(_ high: UInt64, _ low: UInt64) -> String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: ($0 < 4 ? high : low) >> UInt64(48 - $0 % 4 * 16)) }
        let text = groups.map { String($0, radix: 16) }
        var gap = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(gap.count, 1) { gap = start..<end }
            start = max(end, start + 1)
        }
        guard !gap.isEmpty else { return text.joined(separator: ":") }
        return text[..<gap.lowerBound].joined(separator: ":") + "::" + text[gap.upperBound...].joined(separator: ":")
    }
}

extension IPAddress {
    /// Reads an address in its strict spelling: four decimal numbers without leading zeros, or IPv6 as in RFC 4291
    /// section 2.2, `::` and an embedded dotted quad included. No brackets, no zone, no port.
    package init?(_ text: String) {
        var text = text
        if let bits = text.withUTF8({ Self.quad($0) }) {
            self = .v4(bits)
        } else if let (high, low) = Self.groups(Array(text.utf8)[...]) {
            self = .v6(high, low)
        } else {
            return nil
        }
    }

    private static func quad(_ text: some Collection<UInt8>) -> UInt32? {
        guard (7...15).contains(text.count) else { return nil }
        var bits: UInt32 = 0
        var (dots, digits, value) = (0, 0, UInt32(0))
        for byte in text {
            if byte == UInt8(ascii: ".") {
                guard digits > 0, dots < 3 else { return nil }
                bits = bits << 8 | value
                (dots, digits, value) = (dots + 1, 0, 0)
            } else {
                guard JSONScanner.isDigit(byte), digits == 0 || value > 0 else { return nil }
                value = value * 10 + UInt32(byte - UInt8(ascii: "0"))
                digits += 1
                guard value <= 255 else { return nil }
            }
        }
        return dots == 3 && digits > 0 ? bits << 8 | value : nil
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

extension IPAddress {
    /// Reads a URL's host as an address wherever libcurl or the system's resolver would, so that no spelling of an
    /// address passes for a name.
    ///
    /// Besides the strict spellings that is what `inet_aton(3)` takes: one to four numbers, decimal, octal (`0177`) or
    /// hexadecimal (`0x7f`), the last one filling the bytes that remain (`127.1`, `2130706433`, `0`). A trailing dot
    /// and an IPv6 zone (`fe80::1%eth0`) don't change the address and are left out.
    ///
    /// - Parameter host: without brackets.
    /// - Returns: `nil` for a name.
    package init?(literalHost host: String) {
        if let address = IPAddress(host) {
            self = address
            return
        }
        let bytes = Array(host.utf8)
        if let zone = bytes.firstIndex(of: UInt8(ascii: "%")), bytes[..<zone].contains(UInt8(ascii: ":")) {
            self.init(String(decoding: bytes[..<zone], as: UTF8.self))
        } else if let bits = Self.internetNumber(bytes.last == UInt8(ascii: ".") ? bytes.dropLast() : bytes[...]) {
            self = .v4(bits)
        } else {
            return nil
        }
    }

    private static func internetNumber(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count <= 4 else { return nil }
        var bits: UInt64 = 0
        for (index, part) in parts.enumerated() {
            guard let value = number(part) else { return nil }
            let width = index < parts.count - 1 ? 8 : 8 * (5 - parts.count)
            guard value < UInt64(1) << UInt64(width) else { return nil }
            bits = bits << UInt64(width) | value
        }
        return UInt32(truncatingIfNeeded: bits)
    }

    /// A number as C writes it, saturating far above any address.
    private static func number(_ text: ArraySlice<UInt8>) -> UInt64? {
        var digits = text
        var radix: UInt64 = 10
        if digits.count > 1, digits.first == UInt8(ascii: "0") {
            digits = digits.dropFirst()
            radix = 8
            if let mark = digits.first, mark | 0x20 == UInt8(ascii: "x") {
                digits = digits.dropFirst()
                radix = 16
            }
        }
        guard !digits.isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in digits {
            guard let digit = JSONScanner.hexValue(byte), digit < radix else { return nil }
            value = min(value * radix + UInt64(digit), 1 << 40)
        }
        return value
    }
}
