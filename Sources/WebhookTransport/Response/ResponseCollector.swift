internal import WebhookCore

/// Takes an answer in as it comes, line by line and piece by piece, and says when enough is enough.
struct ResponseCollector {
    /// The action that follows from a chunk.
    enum Verdict {
        case more
        case cutOff
    }

    private(set) var headers: [HTTPHeader] = []
    private(set) var body: [UInt8] = []
    /// The status, once status line and headers of the final answer are whole.
    private(set) var finalStatus: Int?
    /// True when the headers went past the limits.
    private(set) var headersTooLarge = false
    /// True when something came that was not kept.
    private(set) var isTruncated = false
    /// True when something else came where an answer begins.
    private(set) var isMalformed = false
    /// True when the first line of an answer has come.
    private(set) var hasStarted = false

    /// True when the connection speaks HTTP/2.
    var speaksHTTP2 = false
    private let limits: ResponseLimits
    private var status = 0
    /// True when the next line is the first one of an answer: later ones are fields, whatever they look like.
    private var isAtStart = true
    private var lineCount = 0
    private var byteCount = 0
    private var keptHeaderBytes = 0
    private var bodyCount = 0
    private var pieceCount = 0
    private var isTransferEncoded = false

    init(limits: ResponseLimits = ResponseLimits()) {
        self.limits = limits
    }

    /// A header line with its line end: a status line, a field, or the empty line at the end.
    mutating func header(_ line: UnsafeRawBufferPointer) -> Verdict {
        let content = line.trimmingLineEnd()
        // The status line and the empty lines are no fields; the status lines of informational answers count.
        if hasStarted && !content.isEmpty { lineCount += 1 }
        hasStarted = true
        byteCount += line.count
        guard lineCount <= limits.headerLines, byteCount <= limits.headerBytes else {
            // After whole headers these are trailers: the answer stands.
            if finalStatus == nil { headersTooLarge = true } else { isTruncated = true }
            return .cutOff
        }
        // Trailers are no part of the headers.
        guard finalStatus == nil else { return .more }
        if isAtStart {
            guard let code = StatusLine.status(content, speaksHTTP2: speaksHTTP2) else {
                isMalformed = true
                return .cutOff
            }
            beginResponse(code)
            return .more
        }
        if content.isEmpty { return endOfHeaders() }
        keep(content)
        return .more
    }

    /// A piece of the body.
    mutating func body(_ piece: UnsafeRawBufferPointer) -> Verdict {
        bodyCount += piece.count
        pieceCount += 1
        if isTransferEncoded {
            // libcurl would decompress it unasked.
            isTruncated = true
            return .cutOff
        }
        let room = limits.keptBodyBytes - body.count
        body.append(contentsOf: piece.prefix(room))
        if piece.count > room { isTruncated = true }
        guard bodyCount <= limits.bodyBytes, pieceCount <= limits.bodyPieces else {
            isTruncated = true
            return .cutOff
        }
        return .more
    }

    /// The answer ended before it was whole.
    mutating func endEarly() { isTruncated = true }

    private mutating func beginResponse(_ code: Int) {
        isAtStart = false
        status = code
        headers = []
        // More than most receivers send.
        headers.reserveCapacity(8)
        keptHeaderBytes = 0
        isTransferEncoded = false
    }

    private mutating func endOfHeaders() -> Verdict {
        // Informational answers precede the real one. 101 would end HTTP, which nobody asked for.
        guard status >= 200 || status == 101 else {
            isAtStart = true
            return .more
        }
        finalStatus = status
        return status == 101 ? .cutOff : .more
    }

    private mutating func keep(_ line: UnsafeRawBufferPointer) {
        let isContinuation = line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t")
        let parts = isContinuation ? nil : line.firstIndex(of: UInt8(ascii: ":"))
        let value = UnsafeRawBufferPointer(rebasing: line[(parts.map { $0 + 1 } ?? 0)...]).trimmingBlanks()
        let name = parts.map { UnsafeRawBufferPointer(rebasing: line[..<$0]) }
        if let name, name.equalsIgnoringCase("transfer-encoding"), !value.equalsIgnoringCase("chunked") {
            isTransferEncoded = true
        }
        guard keptHeaderBytes + line.count <= limits.keptHeaderBytes else {
            keptHeaderBytes = limits.keptHeaderBytes
            isTruncated = true
            return
        }
        keptHeaderBytes += line.count
        if let name {
            headers.append(HTTPHeader(String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self)))
        } else if let last = headers.indices.last {
            // RFC 9112 section 5.2: a folded line belongs to the field before it.
            headers[last].value += " " + String(decoding: value, as: UTF8.self)
        }
    }
}

/// Limits on the bytes of a response that are read, and that are kept.
struct ResponseLimits {
    /// Header bytes that end the attempt, informational answers (1xx) and trailers included.
    var headerBytes = 64 * 1024
    /// Header lines that end the attempt, likewise.
    var headerLines = 200
    /// Header bytes kept.
    var keptHeaderBytes = 16 * 1024
    /// Body bytes kept.
    var keptBodyBytes = 16 * 1024
    /// Body bytes after which the answer is cut off.
    var bodyBytes = 256 * 1024
    /// Pieces of the body, likewise: libcurl hands on every chunk by itself, however small.
    var bodyPieces = 4_096
}

/// An answer's first line.
enum StatusLine {
    /// The status code in a line, or `nil` where the line is no status line (RFC 9112 section 4).
    ///
    /// - Parameter speaksHTTP2: whether the connection does: libcurl then writes the line itself, as "HTTP/2 200 ".
    static func status(_ line: UnsafeRawBufferPointer, speaksHTTP2: Bool) -> Int? {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")),
            isVersion(line[..<space], speaksHTTP2: speaksHTTP2)
        else { return nil }
        let digits = line[(space + 1)...].prefix(3)
        guard digits.count == 3, digits.endIndex == line.endIndex || line[digits.endIndex] == UInt8(ascii: " ") else {
            return nil
        }
        var code = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            code = code * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return code
    }

    private static func isVersion(_ text: Slice<UnsafeRawBufferPointer>, speaksHTTP2: Bool) -> Bool {
        if speaksHTTP2 { return text.elementsEqual("HTTP/2".utf8) }
        return text.count == 8 && text.prefix(7).elementsEqual("HTTP/1.".utf8)
            && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[text.endIndex - 1])
    }
}
