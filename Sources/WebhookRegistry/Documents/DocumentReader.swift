internal import WebhookCore

/// The reason why a document can't be read at all. Such a problem comes alone.
struct DocumentError: Error {
    let diagnostic: Diagnostic

    init(_ place: SourcePlace, _ message: String) {
        diagnostic = Diagnostic(.error, file: place.file, line: place.line, column: place.column, message: message)
    }
}

/// Bytes of a file → its tree.
enum DocumentReader {
    /// The greatest depth to which a document may nest.
    static let maxDepth = 100

    /// Reads a document: JSON where the file's name ends in `.json`, else YAML.
    ///
    /// A byte order mark is fine. The text must be UTF-8 without control characters.
    static func read(_ bytes: ByteString, file: String) throws(DocumentError) -> ConfigNode {
        let (document, text) = try text(bytes, file: file)
        return file.lowercased().hasSuffix(".json")
            ? try JSONComposer.compose(document, file: file)
            : try YAMLComposer.compose(text, file: file)
    }

    /// Reads a document's text, and its bytes without a byte order mark.
    static func text(
        _ bytes: ByteString,
        file: String
    ) throws(DocumentError) -> (document: ByteString, text: String) {
        let hasMark = bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF
        let document = hasMark ? bytes.slice(3..<bytes.count) : bytes
        if document.count >= 2, document[0] >= 0xFE, document[1] >= 0xFE {
            throw DocumentError(
                SourcePlace(file: file, line: 1, column: 1),
                "the file must be UTF-8, and this is UTF-16"
            )
        }
        guard let text = document.validatedText else {
            let place = TextPosition(offset: firstIllFormed(document), in: document)
            throw DocumentError(
                SourcePlace(file: file, line: place.line, column: place.column),
                "the file is not well-formed UTF-8 here"
            )
        }
        let control = text.utf8.enumerated().first { $1 < 0x20 && $1 != 0x09 && $1 != 0x0A && $1 != 0x0D || $1 == 0x7F }
        if let control {
            let place = TextPosition(offset: control.offset, in: document)
            throw DocumentError(
                SourcePlace(file: file, line: place.line, column: place.column),
                "a control character cannot stand in the file; in a quoted text write it as an escape such as \\u0007"
            )
        }
        return (document, text)
    }

    /// A mapping must not name a key twice. Keys are compared by bytes: strings that only look alike are different keys.
    static func checkUnique(_ members: [ConfigNode.Member]) throws(DocumentError) {
        guard members.count > 1 else { return }
        var places: [[UInt8]: SourcePlace] = [:]
        for member in members {
            if let first = places.updateValue(member.place, forKey: Array(member.key.utf8)) {
                let key = KeyText.named("the key", member.key)
                let message = "\(key) stands here a second time; the first is in line \(first.line)"
                throw DocumentError(member.place, message)
            }
        }
    }

    /// The offset of the first byte that ends the well-formed part.
    private static func firstIllFormed(_ document: ByteString) -> Int {
        // Valid prefixes are found by bisection: a cut inside a character costs at most its own three bytes.
        var low = 0
        var high = document.count
        while low < high {
            let middle = (low + high + 1) / 2
            if isWellFormedPrefix(document, length: middle) { low = middle } else { high = middle - 1 }
        }
        return low - (cutToWellFormed(document, length: low) ?? 0)
    }

    private static func isWellFormedPrefix(_ document: ByteString, length: Int) -> Bool {
        cutToWellFormed(document, length: length) != nil
    }

    /// The number of bytes, up to three, that must go from the end of a prefix to make it well-formed.
    private static func cutToWellFormed(_ document: ByteString, length: Int) -> Int? {
        (0...min(3, length)).first { document.slice(0..<(length - $0)).validatedText != nil }
    }
}

/// Keys in messages: quoted only where they look like keys, for what a slip puts there might be a secret.
enum KeyText {
    static func isPlain(_ key: String) -> Bool {
        (1...40).contains(key.utf8.count)
            && key.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// `the key` with the key itself where it may be shown.
    static func named(_ noun: String, _ key: String) -> String { isPlain(key) ? "\(noun) `\(key)`" : noun }
}
