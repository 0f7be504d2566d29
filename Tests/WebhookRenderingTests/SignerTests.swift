import Testing
import WebhookCore

@testable import WebhookRendering

/// The expected values were computed with Python's hmac and cryptography modules.
@Suite("Signatures")
struct SignerTests {
    private let body: ByteString = #"{"a":1}"#
    private let two = [Secret("topsecret"), Secret("oldsecret")]

    private func headers(_ scheme: SignatureScheme, _ secrets: [Secret]) throws -> [HTTPHeader] {
        try Signer(scheme: scheme, secrets: secrets).headers(id: "evt_1", timestamp: 1_700_000_000, body: body)
    }

    private func value(_ scheme: SignatureScheme, _ secrets: [Secret]) throws -> String? {
        try headers(scheme, secrets).first?.value
    }

    @Test("HMAC in its variants")
    func hmac() throws {
        let first = "bf1e6501b7fa928ec2391fea9dd90af3c9ad1b7b1ef6ff319c25940cec746bf8"
        let second = "2dcc79529151d4a5d2f03e7a495d72f54f62530d8e7837d1c993014ed4b329a9"
        #expect(try headers(SignatureScheme(kind: .hmacSHA256, header: "X-Sig"), two) == [HTTPHeader("X-Sig", first)])
        #expect(
            try value(SignatureScheme(kind: .hmacSHA256, header: "h", prefix: "sha256=", separator: ","), two)
                == "sha256=\(first),sha256=\(second)"
        )
        #expect(
            try value(SignatureScheme(kind: .hmacSHA512, header: "h", encoding: .base64), two)
                == "5E+6VcPW0iXv9cab09z6qozYeYKdMUq8e5NzayTw3raEroZe0rDi4zc/3cZTrecZYqfGU7i7Ta5szpaMp1LMqg=="
        )
        let stripe = SignatureScheme(
            kind: .hmacSHA256,
            header: "Stripe-Signature",
            content: .timestampBody,
            prefix: "v1=",
            value: "t={timestamp},{signatures}",
            separator: ","
        )
        #expect(
            try value(stripe, two)
                == "t=1700000000,v1=6a939b0c71853d606167625a15168ee9188c6a511c773ef4f42d307f3849e50f,"
                + "v1=489cc401a2ea4dc5199c078822723187cd55071219d97f9292eedd8bcd68cdd4"
        )
    }

    @Test("several families of headers carry the same values")
    func headerFamilies() throws {
        let secret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let one = try headers(SignatureScheme(kind: .standardWebhooks, header: ""), [secret])
        let scheme = SignatureScheme(kind: .standardWebhooks, header: "", headerFamilies: ["svix", "webhook"])
        let both = try headers(scheme, [secret])
        #expect(both.map(\.name) == scheme.headerNames)
        #expect(Array(both.suffix(3)) == one)
        #expect(both.prefix(3).map(\.name) == ["svix-id", "svix-timestamp", "svix-signature"])
        #expect(both.prefix(3).map(\.value) == one.map(\.value))
    }

    @Test("an id with a dot could lend its signature to another time, and is not signed")
    func dottedID() throws {
        let whsec = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        let standard = SignatureScheme(kind: .standardWebhooks, header: "")
        // Signed for one, it would be the signature of the other.
        #expect(
            try StandardWebhooks.signature(
                "a.1600000000",
                1_700_000_000,
                "x",
                try StandardWebhooks.key(whsec[0].reveal())
            )
                == StandardWebhooks.sign(id: "a", timestamp: 1_600_000_000, body: "1700000000.x", secret: whsec[0])
        )
        #expect(throws: RenderingError(Subscription.dottedID)) {
            try StandardWebhooks.sign(id: "a.1", timestamp: 1, body: "x", secret: whsec[0])
        }
        for kind in [SignatureScheme.Kind.hmacSHA256, .hmacSHA512, .plain, .standardWebhooks] {
            for content in [SignatureScheme.Content.body, .timestampBody, .idTimestampBody] {
                let scheme = SignatureScheme(kind: kind, header: "h", content: content)
                let isAmbiguous = kind == .standardWebhooks || kind != .plain && content == .idTimestampBody
                let signer = try Signer(scheme: scheme, secrets: whsec)
                let isRefused = (try? signer.headers(id: "a.1", timestamp: 1, body: body)) == nil
                #expect(isRefused == isAmbiguous, "\(kind), \(content)")
                #expect(try signer.headers(id: "a_1", timestamp: 1, body: body).isEmpty == false)
            }
        }
        #expect(try Signer(scheme: standard, secrets: []).headers(id: "a.1", timestamp: 1, body: body).isEmpty)
    }

    @Test("an event whose id holds a dot fails for those who would sign it, and for nobody else")
    func dottedEvent() throws {
        var signed = Fixtures.subscription("signed", Fixtures.standard)
        signed.secrets = [Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
        let other = Fixtures.subscription("other", Fixtures.bare)
        let event = try Event(topic: "a.b", data: "1", id: "order.17", occurredAt: Fixtures.time)
        let rendered = WebhookRenderer(subscriptions: [signed, other]).render(event, for: [signed, other])
        #expect(throws: RenderingError(Subscription.dottedID)) { try rendered.renderedBodies[0].get() }
        #expect(try rendered.renderedBodies[1].get().body == 0)
    }

    @Test("secrets in hexadecimal and base64, and content with the id")
    func encodings() throws {
        #expect(
            try value(
                SignatureScheme(
                    kind: .hmacSHA256,
                    header: "h",
                    encoding: .base64,
                    content: .idTimestampBody,
                    secretEncoding: .hex
                ),
                [Secret("00FF10")]
            ) == "5nwEdKrtKdYU+9MWltH4lDj2qyeOOffic1r0bP3joM8="
        )
        let base64 = SignatureScheme(kind: .hmacSHA256, header: "h", secretEncoding: .base64)
        #expect(
            try value(base64, [Secret("AQIDBA==")])
                == "26cb8c5bb45090f178d6455d6f62dab6420a314ed3a505565f9dc6ebcd75c54d"
        )
        #expect(throws: RenderingError("a signing secret is empty or not in base64, as the profile wants it")) {
            try value(base64, [Secret("canary")])
        }
    }

    @Test("Ed25519")
    func ed25519() throws {
        let scheme = SignatureScheme(kind: .ed25519, header: "h", content: .timestampBody, secretEncoding: .hex)
        #expect(
            try value(scheme, [Secret("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")])
                == "f35fdb8801c15146e582f737a06a794a91b4664325001f62760494222877f566"
                + "dce646713ae38b71e98a69c1b0d57309e55cd6da7ae73d7e73ac2c93ec9fd409"
        )
        #expect(throws: RenderingError("an Ed25519 key must be 32 bytes (seed) or 64 bytes (seed and public key)")) {
            try value(scheme, [Secret("0001")])
        }
    }

    @Test("a plain secret, and none at all")
    func plain() throws {
        let scheme = SignatureScheme(kind: .plain, header: "X-Secret")
        #expect(try headers(scheme, two) == [HTTPHeader("X-Secret", "topsecret")])
        #expect(try headers(scheme, []).isEmpty)
        let required = SignatureScheme(kind: .plain, header: "X-Secret", requiresSecret: true)
        #expect(throws: RenderingError("the profile requires a signing secret")) { try headers(required, []) }
    }

    private static let message = (id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: Int64(1_614_265_330))
    private static let messageBody: ByteString = #"{"test": 2432232314}"#
    private static let hmacSecret = Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    private static let hmacSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    private static let keySecret = Secret(
        "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg=="
    )
    private static let keySignature =
        "v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg=="
    private static let publicKey = Secret("whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=")

    private func verify(_ signatures: String, _ key: Secret, body: ByteString = messageBody) -> Bool {
        StandardWebhooks.verify(
            id: Self.message.id,
            timestamp: Self.message.at,
            body: body,
            signatures: signatures,
            keyOrSecret: key
        )
    }

    @Test("the vectors of Standard Webhooks")
    func vectors() throws {
        let (id, at) = Self.message
        #expect(
            try StandardWebhooks.sign(id: id, timestamp: at, body: Self.messageBody, secret: Self.hmacSecret)
                == Self.hmacSignature
        )
        let ours = try StandardWebhooks.sign(id: id, timestamp: at, body: Self.messageBody, secret: Self.keySecret)
        #expect(ours == Self.keySignature)
        #expect(verify(Self.hmacSignature, Self.hmacSecret))
        for key in [Self.publicKey, Self.keySecret] {
            #expect(verify(Self.keySignature, key))
            #expect(verify(ours, key))
            #expect(!verify(ours, key, body: "{}"))
        }
    }

    @Test("one right signature of several is enough; a wrong kind, body or key is not")
    func verification() {
        #expect(verify("v1,AAAA \(Self.keySignature) \(Self.hmacSignature)", Self.hmacSecret))
        #expect(verify("v2,x \(Self.hmacSignature) \(Self.keySignature)", Self.publicKey))
        #expect(!verify(Self.hmacSignature, Self.hmacSecret, body: "{}"))
        #expect(!verify(Self.keySignature, Self.hmacSecret))
        #expect(!verify(Self.hmacSignature, Self.publicKey))
        #expect(!verify("", Self.hmacSecret))
        #expect(!verify("v1,", Self.hmacSecret))
        #expect(!verify(Self.hmacSignature, Secret("whsec_%%%")))
    }

    @Test("a key that was replaced signs until its end, and not to the end of that second")
    func end() throws {
        let scheme = SignatureScheme(kind: .standardWebhooks, header: "", requiresSecret: true)
        let end = Timestamp(milliseconds: 1_700_000_000_300)
        let old = RetiringSecret(secret: Self.keySecret, until: end)
        let signer = try Signer(scheme: scheme, secrets: [Self.hmacSecret], retiring: [old])
        func signatures(at instant: Timestamp) throws -> Int {
            try signer.headers(id: "m", at: instant, body: "{}")[2].value.split(separator: " ").count
        }
        #expect(try signatures(at: end - .milliseconds(1)) == 2)
        #expect(try signatures(at: end) == 1)
        #expect(try signatures(at: end + .milliseconds(600)) == 1)
    }

    @Test("several secrets sign side by side")
    func rotation() throws {
        let scheme = SignatureScheme(kind: .standardWebhooks, header: "", requiresSecret: true)
        let signer = try Signer(scheme: scheme, secrets: [Self.hmacSecret, Self.keySecret])
        let headers = try signer.headers(id: Self.message.id, timestamp: Self.message.at, body: Self.messageBody)
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers[0].value == Self.message.id)
        #expect(headers[1].value == "1614265330")
        #expect(headers[2].value.hasPrefix(Self.hmacSignature + " v1a,"))
        #expect(verify(headers[2].value, Self.publicKey))
    }

    @Test("generated secrets work and have the right sizes")
    func generation() throws {
        let (secret, none) = StandardWebhooks.generateSecret(ed25519: false)
        #expect(none == nil)
        #expect(secret.reveal().hasPrefix("whsec_"))
        #expect(secret.reveal().utf8.count == 6 + 32)
        let (key, publicKey) = StandardWebhooks.generateSecret(ed25519: true)
        #expect(key.reveal().hasPrefix("whsk_"))
        #expect(key.reveal().utf8.count == 5 + 88)
        let verifier = Secret(try #require(publicKey))
        for (signing, verifying) in [(secret, secret), (key, verifier)] {
            let signature = try StandardWebhooks.sign(
                id: Self.message.id,
                timestamp: Self.message.at,
                body: Self.messageBody,
                secret: signing
            )
            #expect(verify(signature, verifying))
        }
        #expect(throws: RenderingError("whpk_ is a public key: it verifies and can't sign")) {
            try StandardWebhooks.sign(id: "a", timestamp: 1, body: "", secret: verifier)
        }
    }

    @Test func sha1AndPartsOfTheURL() throws {
        let url = EndpointURL(scheme: .https, host: "crm.example.com", port: 443, target: "/hooks?x={id}")
        func value(_ content: SignatureScheme.Content, _ body: ByteString, _ secret: Secret) throws -> String {
            let scheme = SignatureScheme(kind: .hmacSHA1, header: "X-Sig", content: content)
            let signer = try Signer(scheme: scheme, secrets: [secret], url: url)
            return try signer.headers(id: "evt_1", timestamp: 1_700_000_000, body: body)[0].value
        }
        // RFC 2202, test case 2.
        #expect(
            try value(.body, "what do ya want for nothing?", Secret("Jefe"))
                == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
        )
        let parts = SignatureScheme.Content.parts(before: "{method} {host}{path}\n{url}", after: "|{timestamp}{id}")
        let whole: ByteString =
            "POST crm.example.com/hooks?x={id}\nhttps://crm.example.com/hooks?x={id}BODY|1700000000evt_1"
        #expect(try value(parts, "BODY", Secret("Jefe")) == value(.body, whole, Secret("Jefe")))
    }
}
