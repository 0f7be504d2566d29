/// The networks that no webhook goes to unless the operator allows it.
///
/// They are the IANA special-purpose registries for IPv4 and IPv6, entries marked globally reachable included (none of
/// them is a receiver of webhooks), multicast, retired blocks, and the addresses of cloud metadata services. IPv6
/// outside `2000::/3`, from which all global unicast addresses are assigned, is denied altogether.
///
/// An IPv6 form that carries an IPv4 address (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP) is denied
/// wholesale rather than taken apart: a receiver with an IPv4 address is reached by that.
public enum SpecialPurposeNetworks {
    /// A network with what it is for and where that is written down.
    public struct Row: Sendable, Hashable {
        public let network: Network
        /// What it is for, to stand after "is".
        public let name: String
        /// The document that says so.
        public let source: String

        init(_ cidr: String, _ name: String, _ source: String) {
            guard let network = Network(cidr) else {
                // The tables below are constants, read as a whole by the tests: a typing error there can't ship.
                preconditionFailure("not a network: \(cidr)")
            }
            self.network = network
            self.name = name
            self.source = source
        }
    }

    /// All rows, IPv4 first.
    public static var rows: [Row] { ipv4 + ipv6 }

    /// The narrowest row with an address.
    public static func row(containing address: IPAddress) -> Row? {
        (address.bitWidth == 32 ? ipv4 : ipv6)
            .filter { $0.network.contains(address) }
            .max { $0.network.prefixLength < $1.network.prefixLength }
    }

    /// Why an address is not public, to stand after "is"; `nil` for a public one.
    static func reason(against address: IPAddress) -> String? {
        if let row = row(containing: address) { return "\(row.name) (\(row.source))" }
        guard case .v6(let high, let low) = address else { return nil }
        if high >> 61 != 1 { return "outside the global unicast addresses (RFC 4291)" }
        // RFC 5214 section 6.1: an interface identifier of 0000:5efe or 0200:5efe and an IPv4 address.
        return low >> 32 & ~0x0200_0000 == 0x5EFE ? "an ISATAP address (RFC 5214)" : nil
    }
}

extension IPAddress {
    /// Whether the address is one that anybody on the Internet may have: in none of the ``SpecialPurposeNetworks``.
    public var isPublic: Bool { SpecialPurposeNetworks.reason(against: self) == nil }
}
