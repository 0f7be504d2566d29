internal import CWebhooksTLS
internal import WebhookCore

/// The last look at a request before libcurl copies it to the wire as it stands.
enum RequestCheck {
    /// The reason why the request must not be sent, without its content; `nil` where it may.
    static func objection(to request: TransportRequest) -> String? {
        if !isVisible(request.url.target) { return "the URL holds a forbidden character" }
        if !isVisible(request.url.host) { return "the URL's host holds a forbidden character" }
        for header in request.headers {
            if !isToken(header.name) { return "a header's name holds a forbidden character" }
            // libcurl would copy a line break to the wire.
            if !isFieldValue(header.value) { return "a header's value holds a control character" }
            if isReserved(header.name) { return "a header is the transport's own: \(header.name)" }
        }
        return nil
    }

    /// Printable ASCII without the blank.
    private static func isVisible(_ text: String) -> Bool { all(text) { $0 > 0x20 && $0 < 0x7F } }

    /// RFC 9110 section 5.5. C1 controls are two bytes in UTF-8: 0xC2 and 0x80 to 0x9F.
    private static func isFieldValue(_ text: String) -> Bool {
        var previous: UInt8 = 0
        return all(text) { byte in
            defer { previous = byte }
            return (byte >= 0x20 && byte != 0x7F || byte == 0x09) && !(previous == 0xC2 && byte < 0xA0)
        }
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ text: String) -> Bool { !text.isEmpty && all(text) { tokenBytes[Int($0)] } }

    private static let tokenBytes: [Bool] = (0..<256).map { byte in
        switch UInt8(byte) {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default:
            "!#$%&'*+-.^_`|~".utf8.contains(UInt8(byte))
        }
    }

    @inline(__always)
    private static func all(_ text: String, _ isAllowed: (UInt8) -> Bool) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            for byte in bytes where !isAllowed(byte) { return false }
            return true
        }
    }

    private static func isReserved(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { bytes in
            let name = UnsafeRawBufferPointer(bytes)
            return switch name.count {
            case 4: name.equalsIgnoringCase("host")
            case 6: name.equalsIgnoringCase("expect")
            case 14: name.equalsIgnoringCase("content-length")
            case 17: name.equalsIgnoringCase("transfer-encoding")
            default: false
            }
        }
    }
}

/// Sees to it that a client certificate is used with its own key only.
///
/// libcurl compares certificates when it looks for a connection to use again, and not their keys: a request with somebody
/// else's certificate and any key would go out on that one's connection, in its name. A key that is known to be the
/// certificate's makes the comparison complete.
struct IdentityCheck {
    private struct Identity: Hashable {
        var certificate: ByteString
        var key: Secret?
    }

    /// The verdicts that were found before; looking takes longer than a request.
    private var verdicts: [Identity: String?] = [:]
    private static let verdictLimit = 1_024

    /// The reason why a request with these options must not be sent; `nil` where it may.
    mutating func objection(to options: TLSOptions) -> String? {
        guard let certificate = options.certificate else {
            return options.key == nil ? nil : "there is a client key without its certificate"
        }
        let identity = Identity(certificate: certificate, key: options.key)
        if let verdict = verdicts[identity] { return verdict }
        if verdicts.count >= Self.verdictLimit { verdicts = [:] }
        let verdict = Self.look(at: identity)
        verdicts[identity] = .some(verdict)
        return verdict
    }

    private static func look(at identity: Identity) -> String? {
        var key = identity.key?.reveal() ?? ""
        let problem = key.withUTF8 { key in
            identity.certificate.withUnsafeBytes { certificate in
                webhooks_tls_check_identity(certificate.baseAddress, certificate.count, key.baseAddress, key.count)
            }
        }
        guard problem.subject != webhooks_tls_no_problem, let text = problem.text else { return nil }
        let isKey = problem.subject == webhooks_tls_key_problem
        return "the client certificate\(isKey ? "'s key" : "") \(String(cString: text))"
    }
}

/// A problem with a certificate.
enum CertificateProblem {
    /// OpenSSL's verification result in words (`X509_V_ERR_…` in <openssl/x509_vfy.h>).
    static func detail(_ result: Int) -> String {
        switch result {
        // libcurl compares the names itself, before it asks for the verdict on the chain: that is then still 1.
        case 0, 1, 62: "the certificate is for another host"
        case 9: "the certificate is not valid yet"
        case 10: "the certificate has expired"
        case 18, 19: "the certificate is self-signed"
        case 2, 20, 21: "the certificate's authority is not trusted"
        case 23: "the certificate has been revoked"
        // X509_V_ERR_APPLICATION_VERIFICATION: our own bounds.
        case 50: "the certificate's chain is too long or has a key of an unusual kind or size"
        default: "the certificate was not accepted (verification result \(result))"
        }
    }
}
