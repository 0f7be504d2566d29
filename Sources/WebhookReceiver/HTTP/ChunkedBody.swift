/// Takes a chunked body apart (RFC 9112 section 7.1) while it comes in.
struct ChunkedBody {
    enum Step {
        case incomplete
        /// Whole; the offset of what follows it.
        case done(end: Int)
        case refused(status: Int)
    }

    /// The part of the body that was read so far.
    private(set) var body: [UInt8] = []
    private var position: Int
    private var isInTrailers = false
    private let limit: Int
    /// The longest chunk line or trailer line, in bytes.
    private static let maxLine = 4096

    /// - Parameters:
    ///   - start: the offset of the first chunk line.
    ///   - limit: the largest body.
    init(start: Int, limit: Int) {
        position = start
        self.limit = limit
    }

    /// Goes on in a buffer that holds what it held before, and perhaps more.
    mutating func advance(_ bytes: UnsafeRawBufferPointer) -> Step {
        while true {
            guard let feed = bytes[position...].firstIndex(of: 0x0A) else {
                return bytes.count - position > Self.maxLine ? .refused(status: 400) : .incomplete
            }
            guard feed > position, bytes[feed - 1] == 0x0D, feed - position <= Self.maxLine else {
                return .refused(status: 400)
            }
            let line = bytes[position..<(feed - 1)]
            if isInTrailers {
                position = feed + 1
                if line.isEmpty { return .done(end: position) }
                continue
            }
            guard let size = Self.size(line) else { return .refused(status: 400) }
            if size == 0 {
                isInTrailers = true
                position = feed + 1
                continue
            }
            guard body.count + size <= limit else { return .refused(status: 413) }
            let end = feed + 1 + size
            guard end + 2 <= bytes.count else { return .incomplete }
            guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { return .refused(status: 400) }
            body.append(contentsOf: bytes[(feed + 1)..<end])
            position = end + 2
        }
    }

    /// Hexadecimal digits, then perhaps an extension.
    private static func size(_ line: Slice<UnsafeRawBufferPointer>) -> Int? {
        var size = 0
        var digits = 0
        for byte in line {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            case UInt8(ascii: ";"), 0x20, 0x09: return digits > 0 ? size : nil
            default: return nil
            }
            digits += 1
            guard digits <= 15 else { return nil }
            size = size << 4 | Int(digit)
        }
        return digits > 0 ? size : nil
    }
}
