/// A network in CIDR notation (RFC 4632, RFC 4291 section 2.3).
package struct Network: Sendable, Hashable, CustomStringConvertible {
    /// The network's first address.
    package let address: IPAddress
    /// The number of leading bits that all its addresses share: 0 to 32, or to 128.
    package let prefixLength: Int

    /// A network around an address; bits after the prefix are cleared, and the length is brought into its range.
    package init(address: IPAddress, prefixLength: Int) {
        self.prefixLength = min(max(prefixLength, 0), address.bitWidth)
        self.address = address.masked(to: self.prefixLength)
    }

    /// Reads `address/length`, or an address alone as the network of that one; `nil` for anything else.
    ///
    /// The address is spelt strictly. Bits after the prefix are allowed and cleared: `10.1.2.3/8` is `10.0.0.0/8`.
    package init?(_ cidr: String) {
        let parts = cidr.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(address: address, prefixLength: address.bitWidth)
            return
        }
        guard let length = DecimalText.number(parts[1], upTo: address.bitWidth) else { return nil }
        self.init(address: address, prefixLength: length)
    }

    /// Tells whether an address belongs to the network. IPv4 and IPv6 stay apart: `::ffff:127.0.0.1` is not in
    /// `127.0.0.0/8`.
    package func contains(_ other: IPAddress) -> Bool {
        other.bitWidth == address.bitWidth && other.masked(to: prefixLength) == address
    }

    /// `address/length`.
    package var description: String { "\(address)/\(prefixLength)" }
}

/// Numbers as they stand in addresses.
enum DecimalText {
    /// One to five digits without sign and without leading zero, at most `limit`.
    static func number(_ text: some StringProtocol, upTo limit: Int) -> Int? {
        guard (1...5).contains(text.utf8.count), text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0"),
            text.utf8.allSatisfy(JSONScanner.isDigit), let value = Int(text), value <= limit
        else { return nil }
        return value
    }
}
