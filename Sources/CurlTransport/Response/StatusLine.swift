/// An answer's first line.
enum StatusLine {
    /// The status code in a line, or `nil` where the line is no status line (RFC 9112 section 4).
    ///
    /// - Parameter speaksHTTP2: whether the connection does: libcurl then writes the line itself, as "HTTP/2 200 ".
    static func status(_ line: UnsafeRawBufferPointer, speaksHTTP2: Bool) -> Int? {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")),
            isVersion(line[..<space], speaksHTTP2: speaksHTTP2)
        else { return nil }
        let digits = line[(space + 1)...].prefix(3)
        guard digits.count == 3, digits.endIndex == line.endIndex || line[digits.endIndex] == UInt8(ascii: " ") else {
            return nil
        }
        var code = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            code = code * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return code
    }

    private static func isVersion(_ text: Slice<UnsafeRawBufferPointer>, speaksHTTP2: Bool) -> Bool {
        if speaksHTTP2 { return text.elementsEqual("HTTP/2".utf8) }
        return text.count == 8 && text.prefix(7).elementsEqual("HTTP/1.".utf8)
            && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[text.endIndex - 1])
    }
}
