internal import Glibc

/// Finds requests in a connection's input, one after another.
///
/// The buffer is handed in whole each time, beginning with the first byte of the request at hand; nothing is read twice.
struct RequestParser {
    enum Step {
        case incomplete
        /// The head is there and asks for `100 Continue` before the body is sent.
        case wantsContinue
        /// Whole; `length` bytes of the buffer were it.
        case request(RequestHead, Body, length: Int)
        /// Not acceptable: the status to answer before closing.
        case refused(status: Int)
    }

    enum Body {
        case range(Range<Int>)
        case decoded([UInt8])
    }

    private let maxHeadSize: Int
    private let maxBodySize: Int
    /// Up to where the end of the head was looked for.
    private var scanned = 0
    private var head: (head: RequestHead, end: Int)?
    private var chunks: ChunkedBody?

    init(maxHeadSize: Int, maxBodySize: Int) {
        self.maxHeadSize = maxHeadSize
        self.maxBodySize = maxBodySize
    }

    /// The number of bytes of the whole request, where that is known already.
    var expectedLength: Int? {
        guard let head, let length = head.head.contentLength else { return nil }
        return head.end + length
    }

    mutating func parse(_ bytes: UnsafeRawBufferPointer) -> Step {
        if head == nil {
            switch findHead(bytes) {
            case .failure(let refusal): return .refused(status: refusal.status)
            case .success(false): return .incomplete
            case .success(true): break
            }
        }
        guard let (head, end) = head else { return .incomplete }
        if head.isChunked {
            var body = chunks ?? ChunkedBody(start: end, limit: maxBodySize)
            chunks = nil
            switch body.advance(bytes) {
            case .refused(let status): return .refused(status: status)
            case .done(let bodyEnd):
                self.head = nil
                scanned = 0
                return .request(head, .decoded(body.body), length: bodyEnd)
            case .incomplete: chunks = body
            }
        } else {
            let length = head.contentLength ?? 0
            guard length <= maxBodySize else { return .refused(status: 413) }
            if bytes.count >= end + length {
                self.head = nil
                scanned = 0
                return .request(head, .range(end..<(end + length)), length: end + length)
            }
        }
        // Whoever has begun to send the body doesn't wait to be asked for it.
        return head.expectsContinue && bytes.count == end ? .wantsContinue : .incomplete
    }

    private mutating func findHead(_ bytes: UnsafeRawBufferPointer) -> Result<Bool, RequestHead.Refusal> {
        // RFC 9112 section 2.2: empty lines before the request line are passed over.
        var start = 0
        while start + 1 < bytes.count, bytes[start] == 0x0D, bytes[start + 1] == 0x0A { start += 2 }
        guard let end = Self.endOfHead(bytes, from: max(start, scanned - 3)) else {
            scanned = bytes.count
            return bytes.count > maxHeadSize ? .failure(.init(status: 431)) : .success(false)
        }
        guard end <= maxHeadSize else { return .failure(.init(status: 431)) }
        do throws(RequestHead.Refusal) {
            head = (try RequestHead(bytes, start..<end), end)
            return .success(true)
        } catch {
            return .failure(error)
        }
    }

    /// Returns the offset at which the first empty line ends.
    private static func endOfHead(_ bytes: UnsafeRawBufferPointer, from: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var start = from
        while start < bytes.count, let found = memchr(base + start, 0x0A, bytes.count - start) {
            let feed = UnsafeRawPointer(found) - base
            if feed >= 3, bytes[feed - 1] == 0x0D, bytes[feed - 2] == 0x0A, bytes[feed - 3] == 0x0D { return feed + 1 }
            start = feed + 1
        }
        return nil
    }
}
