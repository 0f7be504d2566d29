internal import WebhookCore

/// Collects the parts of a body and puts them together once, in a buffer of the right size.
///
/// Short texts are gathered; long parts of the event's data are only noted and copied at the end.
struct BodyBuilder {
    private struct Insertion {
        /// The offset among the gathered bytes at which the part goes in.
        var offset: Int
        var document: ByteString
        var range: Range<Int>
    }

    private var gathered: [UInt8] = []
    private var insertions: [Insertion] = []
    private var insertedCount = 0
    /// Shorter parts are copied at once: noting them would cost more.
    private static let shortPart = 256

    init() {
        gathered.reserveCapacity(512)
    }

    /// The number of bytes that the body has so far.
    var count: Int { gathered.count + insertedCount }

    /// Appends bytes.
    mutating func append(_ bytes: [UInt8]) { gathered.append(contentsOf: bytes) }

    /// Appends ASCII that needs no escapes.
    mutating func append(ascii text: String) { gathered.append(contentsOf: text.utf8) }

    /// Appends a text as a JSON string.
    mutating func append(string text: String) { JSON.appendString(text, to: &gathered) }

    /// Appends a part of a document.
    mutating func append(_ document: ByteString, _ range: Range<Int>) {
        if range.count < Self.shortPart {
            document.withUnsafeBytes { gathered.append(contentsOf: $0[range]) }
        } else {
            insertions.append(Insertion(offset: gathered.count, document: document, range: range))
            insertedCount += range.count
        }
    }

    /// Appends a value: as it stands in its document, or compactly.
    mutating func append(_ value: JSONValue) {
        if value.hasSource {
            append(value.document, value.range)
        } else {
            JSONText.append(value, to: &gathered)
        }
    }

    /// Appends a comma unless an object has just been opened. No value ends in `{`, so the last byte tells.
    mutating func appendComma() {
        let isOpening = gathered.last == UInt8(ascii: "{") && insertions.last?.offset != gathered.count
        if !isOpening { gathered.append(UInt8(ascii: ",")) }
    }

    /// The whole body.
    func finish() -> ByteString {
        ByteString(unsafeUninitializedCapacity: count) { target in
            gathered.withUnsafeBytes { source in
                var written = 0
                var taken = 0
                func copy(_ part: UnsafeRawBufferPointer) {
                    UnsafeMutableRawBufferPointer(rebasing: target[written...]).copyMemory(from: part)
                    written += part.count
                }
                for insertion in insertions {
                    copy(UnsafeRawBufferPointer(rebasing: source[taken..<insertion.offset]))
                    taken = insertion.offset
                    insertion.document.withUnsafeBytes {
                        copy(UnsafeRawBufferPointer(rebasing: $0[insertion.range]))
                    }
                }
                copy(UnsafeRawBufferPointer(rebasing: source[taken...]))
                return written
            }
        }
    }
}
