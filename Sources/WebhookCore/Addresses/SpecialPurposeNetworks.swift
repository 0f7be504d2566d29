/// The networks that no webhook goes to unless the operator allows it.
///
/// They are the IANA special-purpose registries for IPv4 and IPv6, entries marked globally reachable included (none of
/// them is a receiver of webhooks), multicast, retired blocks, and the addresses of cloud metadata services. IPv6
/// outside `2000::/3`, from which all global unicast addresses are assigned, is denied altogether.
///
/// An IPv6 form that carries an IPv4 address (mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP) is denied
/// wholesale rather than taken apart: a receiver with an IPv4 address is reached by that.
package enum SpecialPurposeNetworks {
    /// A network with what it is for and where that is written down.
    package struct Row: Sendable, Hashable {
        package let network: Network
        /// The network's purpose, to stand after "is".
        package let name: String
        /// The document that says so.
        package let source: String

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
    package static var rows: [Row] { ipv4 + ipv6 }

    /// The narrowest row with an address.
    package static func row(containing address: IPAddress) -> Row? {
        var narrowest: Row?
        for row in address.bitWidth == 32 ? ipv4 : ipv6 where row.network.contains(address) {
            if let narrowest, narrowest.network.prefixLength >= row.network.prefixLength { continue }
            narrowest = row
        }
        return narrowest
    }

    /// Tells whether nothing speaks against an address.
    static func isPublic(_ address: IPAddress) -> Bool {
        // Asked at every attempt: any row will do, and none is copied.
        let rows = address.bitWidth == 32 ? ipv4 : ipv6
        return !rows.contains { $0.network.contains(address) } && objection(to: address) == nil
    }

    /// An objection to an address by its form alone.
    private static func objection(to address: IPAddress) -> String? {
        guard case .v6(let high, let low) = address else { return nil }
        if high >> 61 != 1 { return "outside the global unicast addresses (RFC 4291)" }
        // RFC 5214 section 6.1: an interface identifier of 0000:5efe or 0200:5efe and an IPv4 address.
        return low >> 32 & ~0x0200_0000 == 0x5EFE ? "an ISATAP address (RFC 5214)" : nil
    }

    /// The reason why an address is not public, to stand after "is"; `nil` for a public one.
    static func reason(against address: IPAddress) -> String? {
        row(containing: address).map { "\($0.name) (\($0.source))" } ?? objection(to: address)
    }
}

extension IPAddress {
    /// True when the address is one that anybody on the Internet may have: in none of the ``SpecialPurposeNetworks``.
    package var isPublic: Bool { SpecialPurposeNetworks.isPublic(self) }
}

extension SpecialPurposeNetworks {
    /// IANA IPv4 Special-Purpose Address Registry, then what it leaves out.
    static let ipv4: [Row] = [
        Row("0.0.0.0/8", "this network", "RFC 791"),
        Row("0.0.0.0/32", "this host", "RFC 1122"),
        Row("10.0.0.0/8", "private", "RFC 1918"),
        Row("100.64.0.0/10", "shared address space", "RFC 6598"),
        Row("127.0.0.0/8", "loopback", "RFC 1122"),
        Row("169.254.0.0/16", "link-local", "RFC 3927"),
        Row("172.16.0.0/12", "private", "RFC 1918"),
        Row("192.0.0.0/24", "an IETF protocol assignment", "RFC 6890"),
        Row("192.0.0.0/29", "for IPv4 service continuity", "RFC 7335"),
        Row("192.0.0.8/32", "the IPv4 dummy address", "RFC 7600"),
        Row("192.0.0.9/32", "Port Control Protocol anycast", "RFC 7723"),
        Row("192.0.0.10/32", "TURN anycast", "RFC 8155"),
        Row("192.0.0.170/32", "for NAT64 discovery", "RFC 7050"),
        Row("192.0.0.171/32", "for NAT64 discovery", "RFC 7050"),
        Row("192.0.2.0/24", "for documentation", "RFC 5737"),
        Row("192.31.196.0/24", "AS112", "RFC 7535"),
        Row("192.52.193.0/24", "AMT", "RFC 7450"),
        Row("192.88.99.0/24", "6to4 relay anycast", "RFC 7526"),
        Row("192.88.99.2/32", "6a44 relay anycast", "RFC 6751"),
        Row("192.168.0.0/16", "private", "RFC 1918"),
        Row("192.175.48.0/24", "AS112", "RFC 7534"),
        Row("198.18.0.0/15", "for benchmarking", "RFC 2544"),
        Row("198.51.100.0/24", "for documentation", "RFC 5737"),
        Row("203.0.113.0/24", "for documentation", "RFC 5737"),
        Row("240.0.0.0/4", "reserved", "RFC 1112"),
        Row("255.255.255.255/32", "limited broadcast", "RFC 919"),

        Row("224.0.0.0/4", "multicast", "RFC 5771"),
        Row("100.100.100.200/32", "a metadata service", "Alibaba Cloud"),
        Row("168.63.129.16/32", "the platform's own service", "Azure"),
        Row("169.254.169.254/32", "a metadata service", "AWS, Azure, Google Cloud and others"),
        Row("169.254.170.2/32", "a metadata service", "AWS ECS"),
        Row("169.254.170.23/32", "a metadata service", "AWS EKS"),
        Row("192.0.0.192/32", "a metadata service", "Oracle Cloud"),
    ]
}

extension SpecialPurposeNetworks {
    /// IANA IPv6 Special-Purpose Address Registry, then what it leaves out.
    static let ipv6: [Row] = [
        Row("::1/128", "loopback", "RFC 4291"),
        Row("::/128", "unspecified", "RFC 4291"),
        Row("::ffff:0:0/96", "IPv4-mapped", "RFC 4291"),
        Row("64:ff9b::/96", "NAT64", "RFC 6052"),
        Row("64:ff9b:1::/48", "local NAT64", "RFC 8215"),
        Row("100::/64", "discard-only", "RFC 6666"),
        Row("100:0:0:1::/64", "the dummy prefix", "RFC 9780"),
        Row("2001::/23", "an IETF protocol assignment", "RFC 2928"),
        Row("2001::/32", "Teredo", "RFC 4380"),
        Row("2001:1::1/128", "Port Control Protocol anycast", "RFC 7723"),
        Row("2001:1::2/128", "TURN anycast", "RFC 8155"),
        Row("2001:1::3/128", "DNS-SD registration anycast", "RFC 9665"),
        Row("2001:2::/48", "for benchmarking", "RFC 5180"),
        Row("2001:3::/32", "AMT", "RFC 7450"),
        Row("2001:4:112::/48", "AS112", "RFC 7535"),
        Row("2001:10::/28", "ORCHID", "RFC 4843"),
        Row("2001:20::/28", "ORCHIDv2", "RFC 7343"),
        Row("2001:30::/28", "a drone's identifier", "RFC 9374"),
        Row("2001:db8::/32", "for documentation", "RFC 3849"),
        Row("2002::/16", "6to4", "RFC 3056"),
        Row("2620:4f:8000::/48", "AS112", "RFC 7534"),
        Row("3fff::/20", "for documentation", "RFC 9637"),
        Row("5f00::/16", "for segment routing", "RFC 9602"),
        Row("fc00::/7", "unique local", "RFC 4193"),
        Row("fe80::/10", "link-local", "RFC 4291"),

        Row("::/96", "IPv4-compatible", "RFC 4291"),
        Row("::ffff:0:0:0/96", "IPv4-translated", "RFC 2765"),
        Row("3ffe::/16", "the former 6bone", "RFC 3701"),
        Row("fec0::/10", "site-local", "RFC 3879"),
        Row("ff00::/8", "multicast", "RFC 4291"),
        Row("fd00:ec2::254/128", "a metadata service", "AWS"),
        Row("fd00:ec2::23/128", "a metadata service", "AWS EKS"),
        Row("fd20:ce::254/128", "a metadata service", "Google Cloud"),
    ]
}
