/// The headers of an attempt as one blob: a version, then the request's and the answer's list, each a count and for
/// every header the lengths and bytes of name and value. Numbers are little-endian base 128.
package enum HeaderCoding {
    private static let version: UInt8 = 1

    package static func encode(request: [HTTPHeader], response: [HTTPHeader]) -> ByteString {
        var bytes: [UInt8] = [version]
        bytes.reserveCapacity(64 * (request.count + response.count) + 3)
        append(request, to: &bytes)
        append(response, to: &bytes)
        return ByteString(bytes)
    }

    private static func append(_ headers: [HTTPHeader], to bytes: inout [UInt8]) {
        append(headers.count, to: &bytes)
        for header in headers {
            append(header.name, to: &bytes)
            append(header.value, to: &bytes)
        }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append(text.utf8.count, to: &bytes)
        bytes.append(contentsOf: text.utf8)
    }

    package static func decode(_ blob: ByteString) throws(StoreError) -> (request: [HTTPHeader], response: [HTTPHeader])
    {
        let bytes = blob.bytes
        guard bytes.first == version else { throw StoreError.damaged("an attempt's headers are unreadable") }
        var position = 1
        let request = try headers(bytes, &position)
        let response = try headers(bytes, &position)
        return (request, response)
    }

    private static func headers(_ bytes: [UInt8], _ position: inout Int) throws(StoreError) -> [HTTPHeader] {
        let count = try number(bytes, &position)
        var headers: [HTTPHeader] = []
        for _ in 0..<count {
            let name = try text(bytes, &position)
            headers.append(HTTPHeader(name, try text(bytes, &position)))
        }
        return headers
    }

    private static func text(_ bytes: [UInt8], _ position: inout Int) throws(StoreError) -> String {
        let count = try number(bytes, &position)
        guard count <= bytes.count - position else { throw StoreError.damaged("an attempt's headers are cut off") }
        defer { position += count }
        return String(decoding: bytes[position..<position + count], as: UTF8.self)
    }

    private static func append(_ number: Int, to bytes: inout [UInt8]) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    private static func number(_ bytes: [UInt8], _ position: inout Int) throws(StoreError) -> Int {
        var number = 0
        for shift in stride(from: 0, to: 35, by: 7) {
            guard position < bytes.count else { break }
            let byte = bytes[position]
            position += 1
            number |= Int(byte & 0x7F) << shift
            if byte < 0x80 { return number }
        }
        throw StoreError.damaged("an attempt's headers are cut off")
    }
}
