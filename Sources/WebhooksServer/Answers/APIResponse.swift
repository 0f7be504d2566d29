package import WebhookCore

/// An answer, whoever writes it to the wire.
package struct APIResponse: Sendable {
    package enum Body: Sendable {
        case none
        case bytes(ByteString)
        /// Piece by piece, each when the one before is written; `nil` is its end.
        case stream(@Sendable () async throws -> [UInt8]?)
        /// None, since HEAD has asked. The length is that of the body that GET gets, where it is known.
        case absent(length: Int?)
    }

    package var status: Int
    package var type = "application/json"
    package var headers: [(String, String)] = []
    package var body: Body

    /// An answer without a body: 204.
    static let empty = APIResponse(status: 204, body: .none)

    package init(status: Int, type: String = "application/json", body: Body) {
        (self.status, self.type, self.body) = (status, type, body)
    }

    init(_ status: Int, _ value: APIValue) {
        self.init(status: status, body: .bytes(value.encoded))
    }

    static func ok(_ value: APIValue) -> APIResponse { APIResponse(200, value) }

    /// The answer to HEAD, where this is the one to GET (RFC 9110, 9.3.2).
    var withoutBody: APIResponse {
        var response = self
        switch body {
        case .none, .absent: break
        case .bytes(let bytes): response.body = .absent(length: bytes.count)
        case .stream: response.body = .absent(length: nil)
        }
        return response
    }

    /// The whole body, where it is no stream.
    package var bytes: ByteString {
        if case .bytes(let bytes) = body { bytes } else { .empty }
    }
}

/// A value of JSON that is written, members in their order.
package indirect enum APIValue: Sendable {
    case null
    case bool(Bool)
    case integer(Int)
    case string(String)
    case array([APIValue])
    case object([(String, APIValue)])
    /// JSON already, passed on byte for byte.
    case raw(ByteString)

    static func text(_ text: String?) -> APIValue { text.map { .string($0) } ?? .null }
    static func number(_ number: Int?) -> APIValue { number.map { .integer($0) } ?? .null }
    static func time(_ time: Timestamp?) -> APIValue { time.map { .string($0.description) } ?? .null }
    static func list(_ texts: [String]?) -> APIValue { texts.map { .array($0.map { .string($0) }) } ?? .null }
    static func json(_ text: String?) -> APIValue { text.map { .raw(ByteString($0)) } ?? .null }

    package var encoded: ByteString {
        var output: [UInt8] = []
        write(to: &output)
        return ByteString(output)
    }

    private func write(to output: inout [UInt8]) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let flag): output += (flag ? "true" : "false").utf8
        case .integer(let number): output += String(number).utf8
        case .string(let text): JSON.appendString(text, to: &output)
        case .raw(let bytes): bytes.withUnsafeBytes { output += $0 }
        case .array(let items):
            output.append(UInt8(ascii: "["))
            for (index, item) in items.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                item.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSON.appendString(member.0, to: &output)
                output.append(UInt8(ascii: ":"))
                member.1.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}

extension APIValue: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, APIValue)...) { self = .object(elements) }
}
