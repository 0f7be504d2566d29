import Testing
import WebhookCore

@Suite struct SpecialPurposeNetworksTests {
    /// Network, an address in it, the row that names it.
    static let registries: [(String, String, String)] = [
        ("0.0.0.0/8", "0.1.2.3", "this network"), ("0.0.0.0/32", "0.0.0.0", "this host"),
        ("10.0.0.0/8", "10.255.255.255", "private"), ("100.64.0.0/10", "100.127.255.255", "shared address space"),
        ("127.0.0.0/8", "127.255.255.254", "loopback"), ("169.254.0.0/16", "169.254.0.1", "link-local"),
        ("172.16.0.0/12", "172.31.0.1", "private"), ("192.0.0.0/24", "192.0.0.255", "an IETF protocol assignment"),
        ("192.0.0.0/29", "192.0.0.7", "for IPv4 service continuity"),
        ("192.0.0.8/32", "192.0.0.8", "the IPv4 dummy address"),
        ("192.0.0.9/32", "192.0.0.9", "Port Control Protocol anycast"), ("192.0.0.10/32", "192.0.0.10", "TURN anycast"),
        ("192.0.0.170/32", "192.0.0.170", "for NAT64 discovery"),
        ("192.0.0.171/32", "192.0.0.171", "for NAT64 discovery"),
        ("192.0.2.0/24", "192.0.2.1", "for documentation"), ("192.31.196.0/24", "192.31.196.1", "AS112"),
        ("192.52.193.0/24", "192.52.193.1", "AMT"), ("192.88.99.0/24", "192.88.99.1", "6to4 relay anycast"),
        ("192.88.99.2/32", "192.88.99.2", "6a44 relay anycast"), ("192.168.0.0/16", "192.168.255.1", "private"),
        ("192.175.48.0/24", "192.175.48.1", "AS112"), ("198.18.0.0/15", "198.19.255.255", "for benchmarking"),
        ("198.51.100.0/24", "198.51.100.1", "for documentation"),
        ("203.0.113.0/24", "203.0.113.1", "for documentation"),
        ("240.0.0.0/4", "250.1.2.3", "reserved"), ("255.255.255.255/32", "255.255.255.255", "limited broadcast"),
        ("224.0.0.0/4", "239.255.255.255", "multicast"),
        ("100.100.100.200/32", "100.100.100.200", "a metadata service"),
        ("168.63.129.16/32", "168.63.129.16", "the platform's own service"),
        ("169.254.169.254/32", "169.254.169.254", "a metadata service"),
        ("169.254.170.2/32", "169.254.170.2", "a metadata service"),
        ("169.254.170.23/32", "169.254.170.23", "a metadata service"),
        ("192.0.0.192/32", "192.0.0.192", "a metadata service"),
        ("::1/128", "::1", "loopback"), ("::/128", "::", "unspecified"),
        ("::ffff:0.0.0.0/96", "::ffff:93.184.215.14", "IPv4-mapped"),
        ("64:ff9b::/96", "64:ff9b::93.184.215.14", "NAT64"),
        ("64:ff9b:1::/48", "64:ff9b:1::1", "local NAT64"), ("100::/64", "100::1", "discard-only"),
        ("100:0:0:1::/64", "100:0:0:1::1", "the dummy prefix"),
        ("2001::/23", "2001:1ff::1", "an IETF protocol assignment"),
        ("2001::/32", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "Teredo"),
        ("2001:1::1/128", "2001:1::1", "Port Control Protocol anycast"), ("2001:1::2/128", "2001:1::2", "TURN anycast"),
        ("2001:1::3/128", "2001:1::3", "DNS-SD registration anycast"), ("2001:2::/48", "2001:2::1", "for benchmarking"),
        ("2001:3::/32", "2001:3::1", "AMT"), ("2001:4:112::/48", "2001:4:112::1", "AS112"),
        ("2001:10::/28", "2001:1f::1", "ORCHID"), ("2001:20::/28", "2001:2f::1", "ORCHIDv2"),
        ("2001:30::/28", "2001:3f::1", "a drone's identifier"), ("2001:db8::/32", "2001:db8::1", "for documentation"),
        ("2002::/16", "2002:7f00:1::1", "6to4"), ("2620:4f:8000::/48", "2620:4f:8000::1", "AS112"),
        ("3fff::/20", "3fff:fff::1", "for documentation"), ("5f00::/16", "5f00::1", "for segment routing"),
        ("fc00::/7", "fd12:3456::1", "unique local"), ("fe80::/10", "febf::1", "link-local"),
        ("::/96", "::127.0.0.1", "IPv4-compatible"), ("::ffff:0:0:0/96", "::ffff:0:127.0.0.1", "IPv4-translated"),
        ("3ffe::/16", "3ffe::1", "the former 6bone"), ("fec0::/10", "feff::1", "site-local"),
        ("ff00::/8", "ff02::1", "multicast"), ("fd00:ec2::254/128", "fd00:ec2::254", "a metadata service"),
        ("fd00:ec2::23/128", "fd00:ec2::23", "a metadata service"),
        ("fd20:ce::254/128", "fd20:ce::254", "a metadata service"),
    ]

    @Test(arguments: registries)
    func denies(network: String, member: String, name: String) throws {
        let row = try #require(SpecialPurposeNetworks.row(containing: try address(member)))
        #expect(row.network.description == network)
        #expect(row.name == name)
        #expect(!row.source.isEmpty)
        #expect(!row.network.address.isPublic)
    }

    @Test func everyRowIsTestedAbove() {
        #expect(Set(SpecialPurposeNetworks.rows.map(\.network.description)) == Set(Self.registries.map(\.0)))
        #expect(SpecialPurposeNetworks.rows.count == Self.registries.count)
    }

    @Test(arguments: [
        "4000::1", "1fff::1", "64:ff9b:2::1", "100:0:0:2::1", "8000::1", "2606::5efe:10.0.0.1",
        "2606::200:5efe:10.0.0.1",
    ])
    func deniesOtherIPv6(text: String) throws {
        #expect(try address(text).isPublic == false)
    }

    @Test(arguments: [
        "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "192.88.98.255",
        "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.15",
        "2000::1", "2001:200::1", "2001:db7::1", "2001:db9::1", "2003::1", "2606:4700::1111", "2a00:1450:4001::200e",
        "3fff:1000::1", "3ffd::1", "2620:4f:8001::1",
    ])
    func leavesThePublicInternet(text: String) throws {
        #expect(try address(text).isPublic)
    }
}
