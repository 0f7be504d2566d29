/// An answer's first line.
enum StatusLine {
    /// The status code in a line, or `nil` where the line is no status line (RFC 9112 section 4).
    static func status(_ line: UnsafeRawBufferPointer) -> Int? {
        guard line.count >= 9, line.prefix(5).elementsEqual("HTTP/".utf8),
            let space = line.firstIndex(of: UInt8(ascii: " "))
        else { return nil }
        let digits = line[(space + 1)...].prefix(3)
        guard digits.count == 3 else { return nil }
        var code = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            code = code * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return code
    }
}
