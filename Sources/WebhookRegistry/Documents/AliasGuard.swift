/// Refuses what only an alias bomb has before the YAML parser sees it.
///
/// The parser compares a mapping's keys as whole trees, so a bomb used as a key would keep it busy for ever. What an
/// alias stands for is no larger than the text between its anchor and its first use, with the aliases therein
/// counted at their size; that is an upper bound, far above what any honest file reaches.
enum AliasGuard {
    /// The bytes of text that all aliases together may stand for.
    static let limit = 1 << 28

    static func check(_ text: String, file: String) throws(DocumentError) {
        guard text.utf8.contains(UInt8(ascii: "*")), text.utf8.contains(UInt8(ascii: "&")) else { return }
        let bytes = Array(text.utf8)
        var open: [ArraySlice<UInt8>: (offset: Int, total: Int)] = [:]
        var sizes: [ArraySlice<UInt8>: Int] = [:]
        var total = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "*") || byte == UInt8(ascii: "&") else { continue }
            let start = index
            while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
            let name = bytes[start..<index]
            guard !name.isEmpty else { continue }
            if byte == UInt8(ascii: "&") {
                open[name] = (start, total)
                sizes[name] = nil
            } else if let size = sizes[name] {
                total += size
            } else if let anchor = open[name] {
                let size = start - anchor.offset + total - anchor.total
                sizes[name] = size
                total += size
            }
            guard total <= limit else {
                let place = place(of: start, in: bytes)
                throw DocumentError(
                    SourcePlace(file: file, line: place.line, column: place.column),
                    "the aliases of this file stand for too many values"
                )
            }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func place(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        let before = bytes[..<max(0, offset - 1)]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return (before.count { $0 == UInt8(ascii: "\n") } + 1, before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
    }
}
