import Testing
import WebhookCore
import WebhookRegistry

@Suite struct EndpointURLTests {
    @Test(arguments: [
        ("https://crm.example.com", "https://crm.example.com/"),
        ("HTTPS://CRM.Example.com:443/A/b?C=%2f", "https://crm.example.com/A/b?C=%2f"),
        ("http://crm.example.com:8080?x=1", "http://crm.example.com:8080/?x=1"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("http://[2001:DB8:0::1]/", "http://[2001:db8::1]/"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://0177.1/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://0/", "http://0.0.0.0/"),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
        ("http://service_1:80/", "http://service_1/"),
    ])
    func accepted(_ text: String, _ normal: String) throws {
        #expect(try EndpointURLParser.parse(text).get().reveal() == normal)
    }

    @Test(arguments: [
        ("crm.example.com/x", "must begin with https:// or http://"),
        ("", "must begin with https:// or http://"),
        ("file:///etc/passwd", "must begin with https:// or http://"),
        ("gopher://x.example/", "must begin with https:// or http://"),
        ("dict://x.example:11111/", "must begin with https:// or http://"),
        ("https:x.example", "must be a URL such as https://crm.example.com/hooks"),
        ("https:///x", "has no host"),
        ("https://:80/", "has no host"),
        ("https://user:pw@x.example/", "holds a user name or password"),
        ("https://good.example\\@evil.example/", "holds a backslash"),
        ("https://good.example@evil.example/", "holds a user name or password"),
        ("https://x.example/\t", "holds a space"),
        ("https://x.example /", "holds a space"),
        ("https://x.example/\r\nX: y", "holds a space"),
        ("https://x.example/\u{0}", "holds a space"),
        ("https://x.example/#top", "holds a fragment"),
        ("https://x.example#@evil.example/", "holds a fragment"),
        ("https://bücher.example/", "has a host with characters outside ASCII"),
        ("https://x。example/", "has a host with characters outside ASCII"),
        ("https://①②⑦.0.0.1/", "has a host with characters outside ASCII"),
        ("https://x.example/ü", "holds characters outside ASCII"),
        ("https://x.example./", "has a host that ends with a dot"),
        ("https://127.0.0.1./", "has a host that ends with a dot"),
        ("https://%31%32%37.0.0.1/", "has a percent-encoded host"),
        ("https://[fe80::1%25eth0]/", "has an IPv6 address with a zone"),
        ("https://[127.0.0.1]/", "must have an IPv6 address in brackets"),
        ("https://::1/", "must have an IPv6 address in brackets"),
        ("https://[::1]x/", "must have an IPv6 address in brackets"),
        ("https://x.example:0/", "has a port"),
        ("https://x.example:99999/", "has a port"),
        ("https://x.example:/", "has a port"),
        ("https://x.example:8o/", "has a port"),
        ("https://x..example/", "has a host that is neither"),
        ("https://-x.example/", "has a host that is neither"),
        ("https://x!.example/", "has a host that is neither"),
        ("https://1.2.3.4.5/", "has a host that looks like an address"),
        ("https://1.2.3.999/", "has a host that looks like an address"),
        ("https://x.0x7f/", "has a host that looks like an address"),
        ("https://x.example/%zz", "holds a % without two"),
        ("https://x.example/{id}", "holds a character that a URL cannot"),
        ("https://x.example/\"", "holds a character that a URL cannot"),
    ])
    func refused(_ text: String, _ reason: String) {
        switch EndpointURLParser.parse(text) {
        case .success(let url): Issue.record("accepted as \(url.reveal())")
        case .failure(let error): #expect(error.description.hasPrefix(reason), "\(error)")
        }
    }

    @Test(arguments: [
        "127.1", "0177.1", "0x7f.1", "2130706433", "0", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "10.0.0.1",
        "192.168.1.1", "169.254.169.254", "[fd00:ec2::254]", "[fe80::1]", "100.64.0.1", "198.18.0.1", "240.0.0.1",
        "224.0.0.1", "192.0.2.1", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[2001::1]",
    ])
    func deniedLiteral(_ host: String) throws {
        let text = "subscriptions: [{ name: a, url: 'https://\(host)/', topics: ['**'], profile: fellow }]"
        let problems = Sample.problems(text)
        #expect(problems.count == 1)
        #expect(problems[0].hasPrefix("w.yaml:1:33: `url` is out of reach: "))
        #expect(problems[0].hasSuffix("list the address under `egress.allow` if that is meant"))
    }

    @Test func allowedLiteralAndPlainHTTP() {
        func problems(_ url: String, allow: String) -> [String] {
            Sample.problems(
                """
                egress: { allow: ["\(allow)"] }
                subscriptions: [{ name: a, url: "\(url)", topics: ["**"], profile: fellow }]
                """
            )
        }
        let https = "w.yaml:2:33: `url` must be https: under profile fellow, unless `egress.allow` lists its host:port"
        #expect(problems("https://127.1/", allow: "127.0.0.0/8") == [])
        #expect(problems("http://127.1:8787/", allow: "127.0.0.0/8") == [])
        #expect(problems("http://x.example:8787/", allow: "x.example:8787") == [])
        #expect(problems("http://x.example:8788/", allow: "x.example:8787") == [https])
        #expect(problems("http://8.8.8.8/", allow: "127.0.0.0/8") == [https])
        #expect(problems("https://10.0.0.1/", allow: "10.0.0.0/8:8443").count == 1)
    }
}
