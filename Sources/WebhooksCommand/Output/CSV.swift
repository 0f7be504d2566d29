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
        let needsQuotes = guarded.utf8.contains { "\",\r\n".utf8.contains($0) }
        return needsQuotes ? "\"" + guarded.replacing("\"", with: "\"\"") + "\"" : guarded
    }

    /// A spreadsheet would calculate it; and `'` itself is what guards.
    private static func startsFormula(_ text: String) -> Bool {
        text.utf8.first.map { "=+-@'\t\r".utf8.contains($0) } ?? false
    }
}
