/// Steps over a document without building anything. It keeps its own stack: one bit a level would do, a byte is simpler.
struct JSONWalker {
    var scanner: JSONScanner
    private var closers: [UInt8] = []

    init(scanner: JSONScanner) {
        self.scanner = scanner
    }

    mutating func walkDocument() throws(JSONError) -> Range<Int> {
        scanner.skipWhiteSpace()
        guard scanner.peek != nil else { throw scanner.failure("there is no JSON value") }
        let start = scanner.position
        try walkValues()
        let end = scanner.position
        scanner.skipWhiteSpace()
        guard scanner.peek == nil else { throw scanner.failure("something follows the JSON value") }
        return start..<end
    }

    private mutating func walkValues() throws(JSONError) {
        var opened = try walkOne()
        while true {
            if !opened {
                guard let closed = try afterValue() else { return }
                if closed { continue }
            }
            opened = try nextInContainer()
        }
    }

    /// Steps over a scalar, or into a container; returns whether a container that is not empty was opened.
    private mutating func walkOne() throws(JSONError) -> Bool {
        switch scanner.peek {
        case nil: throw scanner.failure("the value is cut off")
        case UInt8(ascii: "{"): return try open(closer: UInt8(ascii: "}"))
        case UInt8(ascii: "["): return try open(closer: UInt8(ascii: "]"))
        case UInt8(ascii: "\""): _ = try scanner.string()
        case UInt8(ascii: "t"): try scanner.expect("true")
        case UInt8(ascii: "f"): try scanner.expect("false")
        case UInt8(ascii: "n"): try scanner.expect("null")
        case let byte? where byte == UInt8(ascii: "-") || JSONScanner.isDigit(byte): try scanner.number()
        default: throw scanner.failure("not a JSON value")
        }
        return false
    }

    private mutating func open(closer: UInt8) throws(JSONError) -> Bool {
        guard closers.count < scanner.maxDepth else {
            throw scanner.failure("nested deeper than \(scanner.maxDepth) levels")
        }
        scanner.position += 1
        scanner.skipWhiteSpace()
        if scanner.peek == closer {
            scanner.position += 1
            return false
        }
        closers.append(closer)
        return true
    }

    /// After a value: `nil` at the document's end, `true` where a container closed, `false` where another value follows.
    private mutating func afterValue() throws(JSONError) -> Bool? {
        guard let closer = closers.last else { return nil }
        scanner.skipWhiteSpace()
        switch scanner.peek {
        case UInt8(ascii: ","):
            scanner.position += 1
            scanner.skipWhiteSpace()
            return false
        case closer:
            scanner.position += 1
            closers.removeLast()
            return true
        default:
            throw scanner.failure(closer == UInt8(ascii: "}") ? "a comma or } is missing" : "a comma or ] is missing")
        }
    }

    private mutating func nextInContainer() throws(JSONError) -> Bool {
        if closers.last == UInt8(ascii: "}") {
            guard scanner.peek == UInt8(ascii: "\"") else { throw scanner.failure("a key in quotes is missing") }
            _ = try scanner.string()
            scanner.skipWhiteSpace()
            guard scanner.peek == UInt8(ascii: ":") else { throw scanner.failure("a colon is missing after the key") }
            scanner.position += 1
            scanner.skipWhiteSpace()
        }
        return try walkOne()
    }
}
