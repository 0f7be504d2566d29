internal import Foundation
internal import WebhookCore

/// The JSON of hosts' payloads.
enum PayloadEncoding {
    static func data(_ payload: some Encodable) throws(WebhooksError) -> ByteString {
        do throws(JSONEncodingProblem) {
            return try encoder.encode(payload)
        } catch {
            let key = error.path.isEmpty ? "data" : "data.\(error.path)"
            throw WebhooksError(.event, "the payload can't be written as JSON: `\(key)`: \(error.reason)", key: key)
        }
    }

    private static let encoder = StableJSONEncoder {
        (value: any Encodable) throws(JSONEncodingProblem) -> StableJSONEncoder.Substitute? in
        switch value {
        case let date as Date:
            guard let time = Timestamp(date) else {
                throw JSONEncodingProblem("the date is not of the years 0001 to 9999")
            }
            return .text(time.description)
        case let decimal as Decimal:
            guard !decimal.isNaN else { throw JSONEncodingProblem("JSON has no number that is none") }
            return .number(decimal.description)
        case let url as URL: return .text(url.absoluteString)
        case let data as Data: return .text(data.base64EncodedString())
        default: return nil
        }
    }
}
