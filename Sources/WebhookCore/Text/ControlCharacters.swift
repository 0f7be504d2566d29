extension StringProtocol {
    /// Whether a text holds a control character: C0, DEL, or C1 (Unicode's category Cc).
    ///
    /// C1 is two bytes in UTF-8 and looks harmless byte by byte; terminals and readers of Latin-1 act on it, and U+0085
    /// is a line break to many.
    package var hasControlCharacters: Bool {
        unicodeScalars.contains { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) }
    }
}
