import Testing
import WebhookCore
import WebhookRegistry
import WebhookRendering

/// Every signature scheme that a profile can name, verified by implementations that are not ours, and forgeries refused.
@Suite struct SignatureInteropTests {
    private static let current = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    private static let previous = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
    private static let foreign = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

    private static let course: ByteString = """
        {"course":{"id":"7","name":"naïve ☃","slug":"s","status":"draft","productId":"8","createdAt":"2026-01-01T00:00:00Z"}}
        """

    @Test func othersVerifyWhatWeSign() async throws {
        var cases = try standardWebhooks() + svixProfile() + ed25519() + stripe() + hmac()
        cases += try addresses() + builtInProfiles() + credentials()
        let verdicts = try await PythonVerifier.verdicts(on: cases)
        #expect(Set(cases.map(\.name)).count == cases.count)
        #expect(cases.count { $0.isGenuine } >= 40)
        for (test, isVerified) in zip(cases, verdicts) {
            #expect(
                isVerified == test.isGenuine,
                "\(test.name): \(isVerified ? "accepted" : "refused") by \(test.verifier)"
            )
        }
    }

    /// Two packages, three content types, a rotation seen by a receiver with the new and by one with the old secret.
    private func standardWebhooks() throws -> [VerificationCase] {
        var cases: [VerificationCase] = []
        let types = ["application/json", "application/xml", "application/x-www-form-urlencoded"]
        for library in ["standardwebhooks", "svix"] {
            for type in types {
                let requests = try SignedRequests(
                    profile: "standard",
                    contentType: type,
                    "secrets: [\(Self.current), \(Self.previous)]"
                )
                for (age, key) in [("new", Self.current), ("old", Self.previous)] {
                    var test = VerificationCase(name: "\(library), \(type), \(age) secret", verifier: library, key: key)
                    test.carry(try requests.request(type == types[0] ? #"{"a":"☃","b":1.50}"# : #"{"a":"b"}"#))
                    guard type == types[0] else {
                        // The packages hand back the body as JSON and fail over any other: the same rule by hand.
                        cases.append(byHand(test))
                        cases.append(byHand(test).withTamperedBody)
                        continue
                    }
                    cases.append(test)
                    cases.append(test.withTamperedBody)
                    cases.append(test.withHeader("webhook-id") { $0 + "x" })
                    cases.append(test.withHeader("webhook-timestamp") { String((Int($0) ?? 0) - 1) })
                    cases.append(test.forged("unknown secret") { $0.key = Self.foreign })
                }
            }
            var stale = VerificationCase(name: "\(library), ten minutes ago", verifier: library, key: Self.current)
            let requests = try SignedRequests(profile: "standard", "secrets: [\(Self.current)]")
            stale.carry(try requests.request(at: Timestamp(milliseconds: SignedRequests.now.milliseconds - 600_000)))
            stale.isGenuine = false
            cases.append(stale)
        }
        return cases
    }

    /// The data alone, under two families of headers: each receiver verifies by its own, whether or not the other is there.
    private func svixProfile() throws -> [VerificationCase] {
        let requests = try SignedRequests(profile: "svix", "secrets: [\(Self.current), \(Self.previous)]")
        let data: ByteString = #"{"z":1.50,"naïve":"☃ \u0041","a":[]}"#
        let request = try requests.request(data)
        #expect(request.body == data)
        var cases: [VerificationCase] = []
        for (library, family) in [("svix", "svix"), ("standardwebhooks", "webhook")] {
            for (age, key) in [("new", Self.current), ("old", Self.previous)] {
                let name = "profile svix, \(library), \(age) secret"
                var test = VerificationCase(name: name, verifier: library, key: key)
                test.carry(request)
                var alone = test
                alone.name += ", \(family) headers alone"
                alone.headers.removeAll { name in
                    let isSigned = ["-id", "-timestamp", "-signature"].contains { name[0].hasSuffix($0) }
                    return isSigned && !name[0].hasPrefix(family + "-")
                }
                #expect(alone.headers.count == test.headers.count - 3)
                cases += [test, alone, test.withTamperedBody, alone.withHeader("\(family)-id") { $0 + "x" }]
                cases.append(alone.withHeader("\(family)-timestamp") { String((Int($0) ?? 0) - 1) })
            }
        }
        return cases
    }

    /// A Standard Webhooks request as a plain HMAC case.
    private func byHand(_ test: VerificationCase) -> VerificationCase {
        var test = test
        test.name += ", by hand"
        test.verifier = "hmac"
        test.key = String(test.key.dropFirst("whsec_".utf8.count))
        test.keyEncoding = "base64"
        test.header = "webhook-signature"
        test.encoding = "base64"
        test.content = "id.timestamp.body"
        test.prefix = "v1,"
        test.separator = " "
        return test
    }

    /// Ed25519: `v1a` alone and beside `v1`, and as a scheme of its own.
    private func ed25519() throws -> [VerificationCase] {
        let (key, publicKey) = StandardWebhooks.generateSecret(ed25519: true)
        let (otherKey, otherPublicKey) = StandardWebhooks.generateSecret(ed25519: true)
        let known = try #require(publicKey)
        let other = try #require(otherPublicKey)
        var cases: [VerificationCase] = []
        func add(_ name: String, _ key: String, _ request: TransportRequest, _ change: (inout VerificationCase) -> Void)
        {
            var test = VerificationCase(name: "Ed25519, \(name)", verifier: "ed25519", key: key)
            test.carry(request)
            change(&test)
            cases += [test, test.withTamperedBody]
        }
        let standard: (inout VerificationCase) -> Void = { test in
            test.header = "webhook-signature"
            test.encoding = "base64"
            test.content = "id.timestamp.body"
            test.prefix = "v1a,"
            test.separator = " "
        }
        let alone = try SignedRequests(profile: "standard", "secrets: [\(key.reveal())]").request()
        add("v1a alone", known, alone, standard)
        let both = try SignedRequests(
            profile: "standard",
            "secrets: [\(Self.current), \(key.reveal()), \(otherKey.reveal())]"
        )
        let rotation = try both.request(#"{"a":1}"#)
        add("v1a after v1", known, rotation, standard)
        add("v1a of the second key", other, rotation, standard)
        var symmetric = VerificationCase(name: "v1 beside two v1a", verifier: "svix", key: Self.current)
        symmetric.carry(rotation)
        cases += [symmetric, symmetric.withTamperedBody]
        for (encoding, content) in [("hex", "body"), ("base64", "timestamp.body")] {
            let braces = content == "body" ? "{body}" : "{timestamp}.{body}"
            let requests = try SignedRequests(
                signature:
                    #"{"scheme":"ed25519","header":"X-Sig","encoding":"\#(encoding)","content":"\#(braces)","secret":"required"}"#,
                "secrets: [\(key.reveal())]"
            )
            add("own header in \(encoding)", known, try requests.request()) { test in
                test.header = "X-Sig"
                test.encoding = encoding
                test.content = content
                test.timestamp = String(SignedRequests.now.unixSeconds)
            }
        }
        if let test = cases.first { cases.append(test.forged("another key") { $0.key = other }) }
        return cases
    }

    /// Stripe's header by Stripe's package, in a rotation too.
    private func stripe() throws -> [VerificationCase] {
        let requests = try SignedRequests(
            signature: """
                {"scheme":"hmac-sha256","header":"Stripe-Signature","content":"{timestamp}.{body}","prefix":"v1=",
                 "separator":",","value":"t={timestamp},{signatures}","secret":"required"}
                """,
            "secrets: [new-secret, old-secret]"
        )
        return try ["new-secret", "old-secret"].flatMap { key in
            var test = VerificationCase(name: "stripe, \(key)", verifier: "stripe", key: key)
            test.header = "Stripe-Signature"
            test.carry(try requests.request(#"{"object":"event","naïve":"☃"}"#))
            return [
                test, test.withTamperedBody, test.forged("unknown secret") { $0.key = "other" },
                test.withHeader("Stripe-Signature") { "t=1" + $0.dropFirst($0.prefix { $0 != "," }.count) },
            ]
        }
    }

    /// The hashes, both encodings, every content, prefixes, every way to write a key, one header and several signatures.
    private func hmac() throws -> [VerificationCase] {
        var cases: [VerificationCase] = []
        let keys = ["text": ["new ☃ key", "old key"], "hex": ["00ff10AB", "abcdef"], "base64": ["AP8QqxA=", "q83v"]]
        for hash in ["sha256", "sha512", "sha1"] {
            for encoding in ["hex", "base64"] {
                for content in ["body", "timestamp.body", "id.timestamp.body"] {
                    for (keyEncoding, pair) in keys.sorted(by: { $0.key < $1.key }) {
                        for (prefix, separator) in [("", ""), ("\(hash)=", ""), ("v0=", ", ")] {
                            let braces = content.split(separator: ".").map { "{\($0)}" }.joined(separator: ".")
                            let requests = try SignedRequests(
                                signature: """
                                    {"scheme":"hmac-\(hash)","header":"X-Signature","encoding":"\(encoding)",
                                     "content":"\(braces)","prefix":"\(prefix)","secretEncoding":"\(keyEncoding)",
                                     \(separator.isEmpty ? "" : "\"separator\":\"\(separator)\",")
                                     "secret":"required"}
                                    """,
                                "secrets: [\(pair.map { "\"\($0)\"" }.joined(separator: ", "))]"
                            )
                            let request = try requests.request()
                            for (index, key) in pair.enumerated() {
                                let name =
                                    "\(hash) \(encoding) \(content) '\(prefix)' '\(separator)' \(keyEncoding) key \(index)"
                                var test = VerificationCase(name: name, verifier: "hmac", key: key)
                                test.carry(request)
                                (test.keyEncoding, test.header, test.hash) = (keyEncoding, "X-Signature", hash)
                                (test.encoding, test.content) = (encoding, content)
                                (test.prefix, test.separator) = (prefix, separator)
                                (test.id, test.timestamp) = (SignedRequests.id, String(SignedRequests.now.unixSeconds))
                                // One value in the header is the current secret's.
                                test.isGenuine = index == 0 || !separator.isEmpty
                                cases += [test, test.withTamperedBody]
                            }
                        }
                    }
                }
            }
        }
        return cases
    }

    /// Method and address in what is signed, as HubSpot, Trello and Twilio's kind do it.
    private func addresses() throws -> [VerificationCase] {
        var cases: [VerificationCase] = []
        for (name, hash, content) in [
            ("method, address, body, time", "sha256", "{method}{url}{body}{timestamp}"),
            ("body, address", "sha1", "{body}{url}"), ("lines", "sha512", "{method}\\n{host}\\n{path}\\n{id}\\n{body}"),
        ] {
            let requests = try SignedRequests(
                signature: """
                    {"scheme":"hmac-\(hash)","header":"X-Signature","encoding":"base64","content":"\(content)",
                     "secret":"required"}
                    """,
                "secrets: [k3y-of-the-school]"
            )
            var test = VerificationCase(name: "address, \(name)", verifier: "hmac", key: "k3y-of-the-school")
            test.carry(try requests.request())
            (test.header, test.hash, test.encoding) = ("X-Signature", hash, "base64")
            (test.content, test.url) = (content.replacing("\\n", with: "\n"), SignedRequests.url)
            (test.id, test.timestamp) = (SignedRequests.id, String(SignedRequests.now.unixSeconds))
            cases += [test, test.withTamperedBody]
            if content.contains("{url}") || content.contains("{path}") {
                cases.append(test.forged("another address") { $0.url += "2" })
            }
        }
        return cases
    }

    /// The built-in profiles that sign.
    private func builtInProfiles() throws -> [VerificationCase] {
        var cases: [VerificationCase] = []
        for (profile, header) in [
            ("loopwise", "Loopwise-Webhook-Signature"), ("teachify", "Teachify-Webhook-Signature"),
            ("thinkific", "X-Thinkific-Hmac-Sha256"),
        ] {
            var test = VerificationCase(name: profile, verifier: "hmac", key: "k3y-of-the-school")
            test.header = header
            let requests = try SignedRequests(profile: profile, "secrets: [k3y-of-the-school]")
            test.carry(try requests.request(Self.course, topic: "course.updated"))
            cases += [test, test.withTamperedBody, test.forged("unknown secret") { $0.key = "other" }]
        }
        var woo = VerificationCase(name: "woocommerce", verifier: "hmac", key: "k3y-of-the-school")
        (woo.header, woo.encoding) = ("X-WC-Webhook-Signature", "base64")
        let order = try SignedRequests(profile: "woocommerce", "secrets: [k3y-of-the-school]")
        woo.carry(try order.request(#"{"id":25,"naïve":"☃"}"#, topic: "user.deleted"))
        cases += [woo, woo.withTamperedBody, woo.forged("unknown secret") { $0.key = "other" }]
        for (index, key) in ["new-secret", "old-secret"].enumerated() {
            var test = VerificationCase(name: "360learning \(index)", verifier: "hmac", key: key)
            let requests = try SignedRequests(profile: "360learning", "secrets: [new-secret, old-secret]")
            test.carry(try requests.request(#"{"group":{"id":"7","name":"☃"}}"#, topic: "group.created"))
            (test.header, test.encoding, test.content) = ("webhook-signature", "base64", "id.timestamp.body")
            (test.prefix, test.separator) = ("v1,", " ")
            (test.id, test.timestamp) = (SignedRequests.id, String(SignedRequests.now.unixSeconds))
            cases += [test, test.withTamperedBody, test.forged("unknown secret") { $0.key = "other" }]
        }
        var plain = VerificationCase(name: "fermion", verifier: "plain", key: "pl41n-secret")
        plain.header = "X-Fermion-Webhook-Secret"
        let video: ByteString = #"{"video":{"id":"☃"}}"#
        let secrets = try SignedRequests(profile: "fermion", "secrets: [pl41n-secret, older]")
        plain.carry(try secrets.request(video, topic: "video.ready"))
        return cases + [plain, plain.forged("unknown secret") { $0.key = "older" }]
    }

    /// `Authorization`, which is no signature but is read by receivers all the same.
    private func credentials() throws -> [VerificationCase] {
        var basic = VerificationCase(name: "basic", verifier: "basic", key: "lms:pa:ss wörd")
        basic.carry(try SignedRequests("basicAuth: { username: lms, password: \"pa:ss wörd\" }").request())
        var bearer = VerificationCase(name: "bearer", verifier: "plain", key: "Bearer t0ken.a-b_c~+/=")
        bearer.header = "Authorization"
        bearer.carry(try SignedRequests("bearer: t0ken.a-b_c~+/=").request())
        var raw = VerificationCase(name: "raw", verifier: "plain", key: "Token token=\"a b\"")
        raw.header = "Authorization"
        raw.carry(try SignedRequests("authorization: 'Token token=\"a b\"'").request())
        return [basic, bearer, raw, raw.forged("another token") { $0.key = "Token token=\"a c\"" }]
    }
}
