import Testing
import WebhookSimulation

@testable import WebhookRegistry

/// A client certificate, its key and the authorities are looked at when the configuration is loaded.
@Suite struct ClientCertificateTests {
    private func problems(
        certificate: String = SamplePEM.certificate,
        key: String = SamplePEM.key,
        authorities: String = SamplePEM.certificate
    ) -> [String] {
        let line = "tls: { ca: a.pem, certificate: c.pem, key: { file: k.pem } }"
        return Sample.problems(
            Sample.subscription(line),
            files: ["a.pem": authorities, "c.pem": certificate, "k.pem": key]
        )
    }

    @Test func acceptsWhatBelongsTogether() {
        #expect(problems() == [])
        let chain = SamplePEM.certificate + SamplePEM.otherCertificate
        #expect(problems(certificate: "client\n" + chain, authorities: chain) == [])
        // One file for both is common.
        #expect(problems(certificate: chain + SamplePEM.key, key: SamplePEM.key + chain) == [])
    }

    @Test func refusesAKeyOfAnother() {
        #expect(problems(key: SamplePEM.otherKey) == ["w.yaml:6:56: `key` does not belong to the certificate"])
        #expect(
            problems(certificate: SamplePEM.otherCertificate + SamplePEM.certificate) == [
                "w.yaml:6:36: `certificate` has its certificates in the wrong order: "
                    + "the one that the key belongs to comes first, then its issuers"
            ]
        )
    }

    @Test(arguments: [SamplePEM.encryptedKey, SamplePEM.oldEncryptedKey])
    func refusesAPassphrase(_ key: String) {
        #expect(
            problems(key: key) == [
                "w.yaml:6:56: `key` has a passphrase; store it without one, readable by this process only"
            ]
        )
    }

    @Test func saysWhatAKeyLacks() {
        let broken = SamplePEM.key.replacing("MIGH", with: "MIGG")
        #expect(problems(key: broken) == ["w.yaml:6:56: `key` holds a private key that can't be read"])
        #expect(
            problems(key: SamplePEM.key + SamplePEM.otherKey) == [
                "w.yaml:6:56: `key` holds several private keys; leave the certificate's own alone in it"
            ]
        )
        #expect(problems(key: SamplePEM.certificate) == ["w.yaml:6:56: `key` is not a private key in PEM"])
        #expect(
            problems(key: "nonsense") == [
                "w.yaml:6:56: `key` is not a private key in PEM; for a file write { file: PATH }"
            ]
        )
    }

    @Test func looksIntoEveryBlock() {
        let noBase64 = "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n"
        let noCertificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        let noEnd = String(SamplePEM.otherCertificate.dropLast(20))
        for bad in [noBase64, noCertificate, noEnd] {
            let text = SamplePEM.certificate + bad
            #expect(
                problems(certificate: text, authorities: text) == [
                    "w.yaml:6:16: `ca`: the file a.pem holds a certificate that can't be read",
                    "w.yaml:6:36: `certificate`: the file c.pem holds a certificate that can't be read",
                ]
            )
        }
        for none in ["", "\n", SamplePEM.key] {
            #expect(
                problems(authorities: none).first?.hasPrefix("w.yaml:6:16: `ca`: the file a.pem ") == true
            )
        }
    }
}
