/// Why bytes are not acceptable JSON, and where.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, in a few words; never quotes the input.
    public var reason: String
    /// The offset of the offending byte, from 0.
    public var offset: Int
    /// The line, from 1.
    public var line: Int
    /// The column in characters, from 1.
    public var column: Int

    public init(reason: String, offset: Int, line: Int, column: Int) {
        self.reason = reason
        self.offset = offset
        self.line = line
        self.column = column
    }

    public var description: String { "line \(line), column \(column): \(reason)" }
}

/// A position in a text, for messages.
public struct TextPosition: Sendable, Hashable {
    /// From 1.
    public var line: Int
    /// In characters (Unicode scalars), from 1.
    public var column: Int

    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Where the byte at `offset` stands.
    public init(offset: Int, in bytes: ByteString) {
        self = bytes.withUnsafeBytes { TextPosition(offset: offset, in: $0) }
    }

    init(offset: Int, in bytes: UnsafeRawBufferPointer) {
        var line = 1
        var column = 1
        for byte in bytes.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(line: line, column: column)
    }
}
