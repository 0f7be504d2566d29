import Testing
import WebhookCore

@Suite struct EgressPolicyTests {
    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8"), ("10.1.2.3/8", "10.0.0.0/8"), ("0.0.0.0/0", "0.0.0.0/0"),
        ("10.1.2.3", "10.1.2.3/32"),
        ("fd00::/8", "fd00::/8"), ("::/0", "::/0"), ("fd12::1", "fd12::1/128"),
        ("2001:db8::ff/127", "2001:db8::fe/127"),
    ])
    func readsNetworks(text: String, canonical: String) {
        #expect(Network(text)?.description == canonical)
    }

    @Test(arguments: [
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/8/8", "10/8", "::/129", "x/8",
    ])
    func refusesNetworks(text: String) {
        #expect(Network(text) == nil)
    }

    @Test func networksContainTheirAddresses() throws {
        let network = try #require(Network("172.16.0.0/12"))
        #expect(network.contains(try address("172.16.0.0")))
        #expect(network.contains(try address("172.31.255.255")))
        #expect(!network.contains(try address("172.32.0.0")))
        #expect(!network.contains(try address("::ffff:172.16.0.0")))
        let wide = try #require(Network("2001:db8:8000::/33"))
        #expect(wide.contains(try address("2001:db8:ffff::1")))
        #expect(!wide.contains(try address("2001:db8:7fff::1")))
        let narrow = try #require(Network("2001:db8::8000:0:0:0/65"))
        #expect(narrow.contains(try address("2001:db8::ffff:0:0:1")))
        #expect(!narrow.contains(try address("2001:db8::7fff:0:0:1")))
    }

    @Test func readsRules() throws {
        func network(_ text: String) throws -> Network { try #require(Network(text)) }
        #expect(try EgressRule("127.0.0.0/8").target == .network(try network("127.0.0.0/8"), port: nil))
        #expect(try EgressRule("127.0.0.0/8:8080").target == .network(try network("127.0.0.0/8"), port: 8080))
        #expect(try EgressRule("127.0.0.1:8080").target == .network(try network("127.0.0.1/32"), port: 8080))
        #expect(try EgressRule("127.0.0.1").target == .network(try network("127.0.0.1/32"), port: nil))
        #expect(try EgressRule("fd00::/8").target == .network(try network("fd00::/8"), port: nil))
        #expect(try EgressRule("[fd00::/8]:443").target == .network(try network("fd00::/8"), port: 443))
        #expect(try EgressRule("[fd00::/8]").target == .network(try network("fd00::/8"), port: nil))
        #expect(try EgressRule("[::1]:443").target == .network(try network("::1/128"), port: 443))
        #expect(try EgressRule("fd00::1").target == .network(try network("fd00::1/128"), port: nil))
        #expect(try EgressRule("CRM.Internal.:8080").target == .host("crm.internal", port: 8080))
        #expect(try EgressRule("localhost:1").target == .host("localhost", port: 1))
    }

    @Test(arguments: [
        "", "localhost", "localhost:", "localhost:0", "localhost:65536", "localhost:+1", "localhost:080", ":80",
        "a b:80",
        "a..b:80", "*.internal:80", "http://a:80", "user@a:80", "127.1:80", "2130706433:80", "0x7f.1:80",
        "10.0.0.0/33:80",
        "[fd00::/8", "[fd00::/8]443", "[fd00::/8]:", "[10.0.0.0/8]:443", "[a]:443", "fd00::/8:443", "a:80:80",
    ])
    func refusesRules(text: String) {
        #expect(throws: EgressRuleError.self) { try EgressRule(text) }
    }

    private func permits(_ allow: [String], _ member: String, _ port: UInt16 = 443, host: String = "x.example") throws
        -> Bool
    {
        let policy = EgressPolicy(allow: try allow.map { try EgressRule($0) })
        return policy.permits(try address(member), port: port, host: host)
    }

    @Test func permitsWhatIsPublicOrAllowed() throws {
        #expect(try permits([], "93.184.215.14"))
        #expect(try permits([], "2606:2800:21f:cb07:6820:80da:af6b:8b2c"))
        #expect(try !permits([], "127.0.0.1"))
        #expect(try permits(["127.0.0.0/8"], "127.255.0.1", 1))
        #expect(try permits(["127.0.0.0/8"], "::ffff:127.0.0.1"))
        #expect(try !permits(["127.0.0.0/8"], "::127.0.0.1"))
        #expect(try !permits(["127.0.0.0/8"], "::1"))
        #expect(try !permits(["127.0.0.0/8"], "10.0.0.1"))
        #expect(try permits(["127.0.0.1:8080"], "127.0.0.1", 8080))
        #expect(try !permits(["127.0.0.1:8080"], "127.0.0.1", 8081))
        #expect(try permits(["crm.internal:8080"], "10.0.0.1", 8080, host: "CRM.internal."))
        #expect(try !permits(["crm.internal:8080"], "10.0.0.1", 8081, host: "crm.internal"))
        #expect(try !permits(["crm.internal:8080"], "10.0.0.1", 8080, host: "x.crm.internal"))
        #expect(try permits(["[fd00::/8]:443"], "fd12::1"))
    }

    @Test func saysWhyItRefuses() throws {
        let policy = EgressPolicy()
        let metadata = try address("169.254.169.254")
        #expect(
            policy.refusal(of: metadata, port: 80, host: "a.example")
                == "169.254.169.254 is a metadata service (AWS, Azure, Google Cloud and others)"
        )
        #expect(policy.refusal(of: .v4(0x5DB8_D70E), port: 80, host: "a.example") == nil)
    }

    @Test func permitsPlainHTTPWhereARuleSaysSo() throws {
        let rules = try ["127.0.0.0/8", "10.0.0.0/8:8080", "crm.internal:80"].map { try EgressRule($0) }
        let policy = EgressPolicy(allow: rules)
        #expect(policy.permitsPlainHTTP(host: "127.0.0.1", port: 80))
        #expect(policy.permitsPlainHTTP(host: "127.1", port: 1))
        #expect(policy.permitsPlainHTTP(host: "::ffff:127.0.0.1", port: 1))
        #expect(policy.permitsPlainHTTP(host: "10.0.0.1", port: 8080))
        #expect(!policy.permitsPlainHTTP(host: "10.0.0.1", port: 80))
        #expect(policy.permitsPlainHTTP(host: "crm.internal", port: 80))
        #expect(!policy.permitsPlainHTTP(host: "crm.internal", port: 81))
        #expect(!policy.permitsPlainHTTP(host: "localhost", port: 80))
        #expect(!policy.permitsPlainHTTP(host: "93.184.215.14", port: 80))
        #expect(!EgressPolicy().permitsPlainHTTP(host: "127.0.0.1", port: 80))
    }
}
