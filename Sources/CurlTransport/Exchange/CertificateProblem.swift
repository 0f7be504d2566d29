/// What is wrong with a certificate.
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
