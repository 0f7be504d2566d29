extension StringProtocol {
    /// True when a text holds a control character: C0, DEL, or C1 (Unicode's category Cc).
    ///
    /// C1 is two bytes in UTF-8 and looks harmless byte by byte; terminals and readers of Latin-1 act on it, and U+0085
    /// is a line break to many.
    package var hasControlCharacters: Bool {
        // Every delivery asks, for each header: bytes at hand are looked at as they lie.
        utf8.withContiguousStorageIfAvailable { Self.holdControlCharacter($0) } ?? Self.holdControlCharacter(utf8)
    }

    /// Tells whether UTF-8 holds a character of Unicode's category Cc. U+0080 to U+009F are 0xC2 and a byte up to 0x9F.
    private static func holdControlCharacter(_ bytes: some Sequence<UInt8>) -> Bool {
        var previous: UInt8 = 0
        for byte in bytes {
            if byte < 0x20 || byte == 0x7F || (previous == 0xC2 && byte < 0xA0) { return true }
            previous = byte
        }
        return false
    }
}

extension String {
    /// Tells whether a byte stands in the text's UTF-8.
    package func hasByte(_ byte: UInt8) -> Bool {
        utf8.withContiguousStorageIfAvailable { $0.contains(byte) } ?? utf8.contains(byte)
    }
}
