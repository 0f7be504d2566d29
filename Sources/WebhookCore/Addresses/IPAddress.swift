/// An IPv4 or IPv6 address.
public enum IPAddress: Sendable, Hashable {
    /// In host byte order: 127.0.0.1 is 0x7F000001.
    case v4(UInt32)
    /// The upper and lower 64 bits, in host byte order.
    case v6(UInt64, UInt64)

    /// The number of bits: 32 or 128.
    public var bitWidth: Int {
        switch self {
        case .v4: 32
        case .v6: 128
        }
    }

    /// The IPv4 address in an IPv4-mapped one (`::ffff:a.b.c.d`, RFC 4291 section 2.5.5.2), which a socket connects to
    /// as if it were given that; `nil` for any other address.
    public var mappedIPv4: IPAddress? {
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
    public var description: String {
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
