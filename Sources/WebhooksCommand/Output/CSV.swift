/// Comma-separated values (RFC 4180) that are safe to open in a spreadsheet.
enum CSV {
    /// A record with its line end.
    static func line(_ cells: [String]) -> [UInt8] {
        var output = Array(cells.map(cell).joined(separator: ",").utf8)
        output.append(contentsOf: [0x0D, 0x0A])
        return output
    }

    private static func cell(_ text: String) -> String {
        let guarded = startsFormula(text) ? "'" + text : text
        guard guarded.utf8.contains(where: { "\",\r\n".utf8.contains($0) }) else { return guarded }
        // Byte by byte: to Swift, a quote and a combining mark after it are one character and not a quote.
        let quote = UInt8(ascii: "\"")
        let doubled = guarded.utf8.flatMap { $0 == quote ? [quote, quote] : [$0] }
        return "\"" + String(decoding: doubled, as: UTF8.self) + "\""
    }

    /// A spreadsheet would calculate it; and `'` itself is what guards.
    private static func startsFormula(_ text: String) -> Bool {
        text.utf8.first.map { "=+-@'\t\r".utf8.contains($0) } ?? false
    }
}
