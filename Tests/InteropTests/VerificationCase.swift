import Foundation
import WebhookCore

/// A request as a receiver has it, with what the receiver knows of the sender: a line for `verify.py`.
struct VerificationCase: Encodable {
    var name: String
    /// The project whose code verifies.
    var verifier: String
    /// The receiver's one secret, or public key.
    var key: String
    var keyEncoding = "text"
    var header = ""
    var hash = "sha256"
    var encoding = "hex"
    /// `body`, `timestamp.body`, `id.timestamp.body`, or a text with names in braces.
    var content = "body"
    /// The receiver's own address, where it is signed as well.
    var url = ""
    var prefix = ""
    var separator = ""
    /// Event and time, for schemes that sign them without a header of their own.
    var id = ""
    var timestamp = ""
    var headers: [[String]] = []
    /// In base64.
    var body = ""
    /// The verdict that has to come out. The script never sees it.
    var isGenuine = true

    private enum CodingKeys: String, CodingKey {
        case name, verifier, key, keyEncoding, header, hash, encoding, content, url, prefix, separator, id, timestamp,
            headers
        case body
    }

    mutating func carry(_ request: TransportRequest) {
        headers = request.headers.map { [$0.name, $0.value] }
        body = Data(request.body.bytes).base64EncodedString()
    }

    /// The same request after somebody changed it, or for a receiver with another key.
    func forged(_ how: String, _ change: (inout VerificationCase) -> Void) -> VerificationCase {
        var copy = self
        copy.name += ", \(how)"
        copy.isGenuine = false
        change(&copy)
        return copy
    }

    /// With one bit of the body's middle flipped.
    var withTamperedBody: VerificationCase {
        forged("body tampered with") { copy in
            var bytes = [UInt8](Data(base64Encoded: body) ?? Data())
            if bytes.isEmpty { bytes = [0x30] } else { bytes[bytes.count / 2] ^= 1 }
            copy.body = Data(bytes).base64EncodedString()
        }
    }

    /// With the value of a header changed.
    func withHeader(_ name: String, _ change: (String) -> String) -> VerificationCase {
        forged("\(name) changed") { copy in
            for index in copy.headers.indices where copy.headers[index][0].lowercased() == name.lowercased() {
                copy.headers[index][1] = change(copy.headers[index][1])
            }
        }
    }
}
