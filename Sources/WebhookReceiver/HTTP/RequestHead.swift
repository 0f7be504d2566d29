internal import WebhookCore

/// A request's line and fields as places in a buffer. Building one allocates nothing.
struct RequestHead {
    /// The reason why a head is refused, as the status to answer.
    struct Refusal: Error {
        var status: Int
    }

    let method: Range<Int>
    let target: Range<Int>
    /// The field lines, each with its CRLF.
    let fields: Range<Int>
    private(set) var contentLength: Int?
    private(set) var isChunked = false
    private(set) var keepsAlive: Bool
    private(set) var expectsContinue = false
    private(set) var isHEAD: Bool

    /// Reads a head (RFC 9112) that ends with the empty line's CRLF.
    init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) throws(Refusal) {
        let lineEnd = try Self.lineEnd(bytes, range.lowerBound, range.upperBound)
        let line = bytes[range.lowerBound..<lineEnd]
        guard let first = line.firstIndex(of: 0x20), let last = line.lastIndex(of: 0x20), first < last,
            first > line.startIndex, last > first + 1, line[..<first].allSatisfy(Self.isToken),
            line[(first + 1)..<last].allSatisfy({ $0 > 0x20 && $0 != 0x7F })
        else { throw Refusal(status: 400) }
        method = line.startIndex..<first
        target = (first + 1)..<last
        switch bytes[(last + 1)..<lineEnd] {
        case let version where version.elementsEqual("HTTP/1.1".utf8): keepsAlive = true
        case let version where version.elementsEqual("HTTP/1.0".utf8): keepsAlive = false
        case let version where version.starts(with: "HTTP/".utf8): throw Refusal(status: 505)
        default: throw Refusal(status: 400)
        }
        isHEAD = bytes[method].elementsEqual("HEAD".utf8)
        fields = (lineEnd + 2)..<(range.upperBound - 2)
        try Self.forEachField(bytes, fields) { name, value throws(Refusal) in try readFraming(bytes, name, value) }
        if isChunked, contentLength != nil { throw Refusal(status: 400) }
    }

    /// The fields as texts.
    func headers(_ bytes: UnsafeRawBufferPointer) -> [HTTPHeader] {
        var headers: [HTTPHeader] = []
        // The lines were read once before, so there is nothing left to throw.
        try? Self.forEachField(bytes, fields) { name, value throws(Refusal) in
            headers.append(
                HTTPHeader(String(decoding: bytes[name], as: UTF8.self), String(decoding: bytes[value], as: UTF8.self))
            )
        }
        return headers
    }

    private mutating func readFraming(
        _ bytes: UnsafeRawBufferPointer,
        _ name: Range<Int>,
        _ value: Range<Int>
    ) throws(Refusal) {
        switch name.count {
        case 6 where Self.equal(bytes[name], "expect"):
            expectsContinue = Self.equal(bytes[value], "100-continue")
        case 10 where Self.equal(bytes[name], "connection"):
            for option in bytes[value].split(separator: UInt8(ascii: ",")) {
                let option = Self.trimmed(option)
                if Self.equal(option, "close") { keepsAlive = false }
                if Self.equal(option, "keep-alive") { keepsAlive = true }
            }
        case 14 where Self.equal(bytes[name], "content-length"):
            guard (1...15).contains(value.count), bytes[value].allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw Refusal(status: 400)
            }
            let length = bytes[value].reduce(0) { $0 * 10 + Int($1 - 0x30) }
            guard contentLength == nil || contentLength == length else { throw Refusal(status: 400) }
            contentLength = length
        case 17 where Self.equal(bytes[name], "transfer-encoding"):
            guard !isChunked, Self.equal(bytes[value], "chunked") else { throw Refusal(status: 501) }
            isChunked = true
        default: break
        }
    }

    private static func forEachField(
        _ bytes: UnsafeRawBufferPointer,
        _ range: Range<Int>,
        _ visit: (_ name: Range<Int>, _ value: Range<Int>) throws(Refusal) -> Void
    ) throws(Refusal) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = try lineEnd(bytes, start, range.upperBound)
            // A line that begins with white space, as the folded ones of old, has no name.
            guard let colon = bytes[start..<end].firstIndex(of: UInt8(ascii: ":")), colon > start,
                bytes[start..<colon].allSatisfy(isToken)
            else { throw Refusal(status: 400) }
            let value = trimmed(bytes[(colon + 1)..<end])
            guard value.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }) else { throw Refusal(status: 400) }
            try visit(start..<colon, value.startIndex..<value.endIndex)
            start = end + 2
        }
    }

    private static func lineEnd(
        _ bytes: UnsafeRawBufferPointer,
        _ start: Int,
        _ end: Int
    ) throws(Refusal) -> Int {
        guard let feed = bytes[start..<end].firstIndex(of: 0x0A), feed > start, bytes[feed - 1] == 0x0D else {
            throw Refusal(status: 400)
        }
        return feed - 1
    }

    private static func trimmed(_ text: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        let isBlank = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
        guard let first = text.firstIndex(where: { !isBlank($0) }), let last = text.lastIndex(where: { !isBlank($0) })
        else { return text[text.endIndex..<text.endIndex] }
        return text[first...last]
    }

    /// Compares in any case; `lower` is in lower case.
    private static func equal(_ text: Slice<UnsafeRawBufferPointer>, _ lower: StaticString) -> Bool {
        guard text.count == lower.utf8CodeUnitCount else { return false }
        for index in 0..<text.count {
            let byte = text[text.startIndex + index]
            guard ((0x41...0x5A).contains(byte) ? byte | 0x20 : byte) == lower.utf8Start[index] else { return false }
        }
        return true
    }

    /// RFC 9110 section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^")...UInt8(ascii: "`"), UInt8(ascii: "|"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
