import Testing
import WebhookCore

@Suite struct IPAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"),
        ("255.255.255.255", "255.255.255.255"),
        ("::", "::"),
        ("::1", "::1"),
        ("1::", "1::"),
        ("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
        ("2001:0db8::0001", "2001:db8::1"),
        ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("::ffff:127.0.0.1", "::ffff:127.0.0.1"),
        ("::ffff:7f00:1", "::ffff:127.0.0.1"),
        ("::127.0.0.1", "::7f00:1"),
        ("64:ff9b::10.0.0.1", "64:ff9b::a00:1"),
        ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func readsAndPrints(text: String, canonical: String) throws {
        let read = try address(text)
        #expect(read.description == canonical)
        #expect(IPAddress(canonical) == read)
    }

    @Test(arguments: [
        "", ".", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4",
        "1.2.3.4.",
        "1.2.3.-4", "1.2.3.+4", "1.2..4", "1.2.3.4/32", "١.٢.٣.٤",
        ":", ":::", "1", "1:2", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1::2", "1::2:", "1:2:3:4:5:6:7:8::",
        "::1:2:3:4:5:6:7:8", "12345::", "g::", "[::1]", "::1%lo", "::1.2.3", "::1.2.3.4.5", "1.2.3.4::", "::1.2.3.4:5",
        "::01.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1/128",
    ])
    func refuses(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        "127.1", "0177.1", "0x7f.1", "0X7F.0.0.1", "2130706433", "017700000001", "0x7f000001", "127.0.1", "127.0.0.1.",
        "0177.0.0.01", "0x0000000000000000007f.1", "127.0x1",
    ])
    func readsEverySpellingOfLoopback(host: String) {
        #expect(IPAddress(literalHost: host) == .v4(0x7F00_0001))
    }

    @Test func readsOtherLiterals() {
        #expect(IPAddress(literalHost: "0") == .v4(0))
        #expect(IPAddress(literalHost: "4294967295") == .v4(.max))
        #expect(IPAddress(literalHost: "1.65536") == .v4(0x0101_0000))
        #expect(IPAddress(literalHost: "1.2.65535") == .v4(0x0102_FFFF))
        #expect(IPAddress(literalHost: "::1") == .v6(0, 1))
        #expect(IPAddress(literalHost: "fe80::1%eth0") == .v6(0xFE80 << 48, 1))
        #expect(IPAddress(literalHost: "fe80::1%25eth0") == .v6(0xFE80 << 48, 1))
    }

    @Test(arguments: [
        "", ".", "..", "localhost", "example.com", "127.0.0.1.example.com", "1e3", "0x", "0x.1", "08", "09.1", "1..1",
        "256.1", "1.16777216", "1.2.65536", "4294967296", "99999999999999999999999", "1.2.3.4.5", "-1", "+1",
        "1.2.3.4..",
        "1.2.3.4%eth0", "abc",
    ])
    func takesNamesForNames(host: String) {
        #expect(IPAddress(literalHost: host) == nil)
    }

    @Test func knowsMappedAddresses() {
        #expect(IPAddress("::ffff:10.0.0.1")?.mappedIPv4 == IPAddress("10.0.0.1"))
        #expect(IPAddress("::10.0.0.1")?.mappedIPv4 == nil)
        #expect(IPAddress("10.0.0.1")?.mappedIPv4 == nil)
    }
}
