import Testing
import WebhookCore

@Suite struct SecretTests {
    @Test func isNeverPrinted() {
        let secret = Secret("hunter2-hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        var dumpedProxy = ""
        let proxy = EgressPolicy.Proxy(host: "p", port: 1, username: "u", password: secret)
        dump(proxy, to: &dumpedProxy)
        let mirrored = Mirror(reflecting: secret)
        let texts = [
            "\(secret)", String(describing: secret), String(reflecting: secret), "\([secret])",
            "\(Optional(secret) as Any)",
            "\(["k": secret])", dumped, dumpedProxy, "\(proxy)", String(reflecting: proxy), "\(mirrored)",
            mirrored.children.map { "\($0)" }.joined(), "\(SecretHolder(secret: secret))",
            String(reflecting: SecretHolder(secret: secret)),
        ]
        for text in texts { #expect(!text.contains("hunter")) }
        #expect(mirrored.children.isEmpty)
        #expect("\(secret)" == "***")
        #expect(secret.reveal() == "hunter2-hunter2")
    }

    private enum SecretHolder {
        case held(Secret)
        init(secret: Secret) { self = .held(secret) }
    }

    @Test func compares() {
        #expect(Secret("a") == Secret("a"))
        #expect(Secret("a") != Secret("b"))
        #expect(Secret("a") != Secret("aa"))
        #expect(Secret("").isEmpty)
        #expect(constantTimeEqual([1, 2, 3], [1, 2, 3]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2, 4]))
        #expect(!constantTimeEqual([1, 2, 3], [1, 2]))
        #expect(constantTimeEqual([], []))
    }

    @Test func secretURLsShowTheirHostAlone() {
        let url = EndpointURL(
            scheme: .https,
            host: "x.example",
            port: 443,
            target: "/hooks/T0KEN?k=T0KEN",
            isSecret: true
        )
        var dumped = ""
        dump(url, to: &dumped)
        for text in ["\(url)", String(reflecting: url), dumped, "\([url])", "\(Optional(url) as Any)"] {
            #expect(!text.contains("T0KEN"))
        }
        #expect("\(url)" == "https://x.example:443/***")
        #expect(url.reveal() == "https://x.example/hooks/T0KEN?k=T0KEN")
    }
}
