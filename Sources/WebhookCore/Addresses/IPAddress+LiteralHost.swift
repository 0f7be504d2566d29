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
    public init?(literalHost host: String) {
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
