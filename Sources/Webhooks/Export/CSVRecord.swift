/// A line of comma-separated values (RFC 4180) that is safe to open in a spreadsheet.
struct CSVRecord {
    /// With the line's end, CR LF.
    var bytes: [UInt8] = []

    init(_ cells: [String]) {
        for (index, cell) in cells.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            append(cell)
        }
        bytes += [0x0D, 0x0A]
    }

    private static let quote = UInt8(ascii: "\"")
    /// A reader set to another separator, as spreadsheets of many countries are, takes `;` or a tab for the cell's end.
    private static let special = Set("\",;\t\r\n".utf8)
    /// A spreadsheet would calculate what begins with one of these; and `'` itself is what guards.
    private static let formula = Set("=+-@'\t\r".utf8)

    private mutating func append(_ cell: String) {
        let text = cell.utf8
        let needsQuotes = text.contains { Self.special.contains($0) }
        if needsQuotes { bytes.append(Self.quote) }
        if let first = text.first, Self.formula.contains(first) { bytes.append(UInt8(ascii: "'")) }
        for byte in text {
            if byte == Self.quote { bytes.append(byte) }
            bytes.append(byte)
        }
        if needsQuotes { bytes.append(Self.quote) }
    }
}
