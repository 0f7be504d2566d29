internal import WebhookCore

/// Takes an answer in as it comes, line by line and piece by piece, and says when enough is enough.
struct ResponseCollector {
    /// What to do after a piece.
    enum Verdict {
        case more
        case cutOff
    }

    private(set) var headers: [HTTPHeader] = []
    private(set) var body: [UInt8] = []
    /// The status, once status line and headers of the final answer are whole.
    private(set) var finalStatus: Int?
    /// Whether the headers went past the limits.
    private(set) var headersTooLarge = false
    /// Whether something came that was not kept.
    private(set) var isTruncated = false
    /// Whether something else came where an answer begins.
    private(set) var isMalformed = false
    /// Whether a single line of an answer came.
    private(set) var hasStarted = false

    /// Whether the connection speaks HTTP/2.
    var speaksHTTP2 = false
    private let limits: ResponseLimits
    private var status = 0
    /// Whether the next line is the first one of an answer: later ones are fields, whatever they look like.
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
            beginAnswer(code)
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

    private mutating func beginAnswer(_ code: Int) {
        isAtStart = false
        status = code
        headers = []
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
