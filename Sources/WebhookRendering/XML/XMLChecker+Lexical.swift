internal import WebhookCore

/// The lexical level of the XML checker: names, attributes, references, text.
extension XMLChecker {
    /// `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>`; the last two are optional.
    mutating func declaration() throws(TextProblem) {
        let start = position
        guard let end = find("?>") else { throw problem("the XML declaration is not closed") }
        let words = bytes[(position + 5)..<end].split(whereSeparator: { isSpace($0) })
            .map { String(decoding: $0, as: UTF8.self).replacing("'", with: "\"") }
        position = end + 2
        guard words.first == "version=\"1.0\"" else { throw problem("the XML version must be 1.0", at: start) }
        var rest = words.dropFirst()
        if let encoding = rest.first, encoding.hasPrefix("encoding=") {
            guard encoding.lowercased() == "encoding=\"utf-8\"" else {
                throw problem("the encoding must be UTF-8", at: start)
            }
            rest.removeFirst()
        }
        if let standalone = rest.first, standalone == "standalone=\"yes\"" || standalone == "standalone=\"no\"" {
            rest.removeFirst()
        }
        guard rest.isEmpty else { throw problem("the XML declaration is not well-formed", at: start) }
    }

    mutating func comment() throws(TextProblem) {
        let start = position
        position += 4
        try skip(past: "--", or: "a comment is not closed", from: start)
        guard stands(">") else { throw problem("-- must not stand in a comment", at: position - 2) }
        position += 1
    }

    mutating func instruction() throws(TextProblem) {
        let start = position
        position += 2
        let target = try readName()
        if String(decoding: bytes[target], as: UTF8.self).lowercased() == "xml" {
            throw problem("the XML declaration may stand at the very beginning only", at: start)
        }
        guard stands("?>") || (position < bytes.count && isSpace(bytes[position])) else {
            throw problem("a processing instruction is not well-formed", at: start)
        }
        try skip(past: "?>", or: "a processing instruction is not closed", from: start)
    }

    /// Steps over one character of text, or a reference.
    mutating func character() throws(TextProblem) {
        if stands("&") { return try reference() }
        let (scalar, length) = decode()
        guard XMLText.isCharacter(scalar) else { throw problem("a character that XML can't carry") }
        position += length
    }

    private mutating func reference() throws(TextProblem) {
        let start = position
        // The longest that is allowed is &#x10FFFF; with a few leading zeros.
        guard let end = bytes[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw problem("& does not begin a reference")
        }
        let name = String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
        position = end + 1
        if name.hasPrefix("#") {
            let digits = name.dropFirst(name.hasPrefix("#x") ? 2 : 1)
            let isPlain = digits.first.map { $0 != "+" && $0 != "-" } ?? false
            guard isPlain, let value = UInt32(digits, radix: name.hasPrefix("#x") ? 16 : 10), XMLText.isCharacter(value)
            else { throw problem("a character reference that names no XML character", at: start) }
        } else if !["lt", "gt", "amp", "quot", "apos"].contains(name) {
            throw problem("an entity that is not predefined", at: start)
        }
    }

    /// Production [5] Name.
    mutating func readName() throws(TextProblem) -> Range<Int> {
        let start = position
        while position < bytes.count {
            let (scalar, length) = decode()
            guard position == start ? Self.isNameStart(scalar) : Self.isNameCharacter(scalar) else { break }
            position += length
        }
        guard position > start else { throw problem("a name is missing") }
        return start..<position
    }

    private static func isNameStart(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x3A, 0x41...0x5A, 0x5F, 0x61...0x7A, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x2FF, 0x370...0x37D,
            0x37F...0x1FFF, 0x200C...0x200D, 0x2070...0x218F, 0x2C00...0x2FEF, 0x3001...0xD7FF, 0xF900...0xFDCF,
            0xFDF0...0xFFFD, 0x10000...0xEFFFF:
            true
        default: false
        }
    }

    private static func isNameCharacter(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x2D, 0x2E, 0x30...0x39, 0xB7, 0x300...0x36F, 0x203F...0x2040: true
        default: isNameStart(scalar)
        }
    }

    /// The character at the position. The text comes from a Swift string, so it is well-formed UTF-8.
    private func decode() -> (scalar: UInt32, length: Int) {
        let first = bytes[position]
        if first < 0x80 { return (UInt32(first), 1) }
        let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        guard position + length <= bytes.count else { return (0, 1) }
        var scalar = UInt32(first) & (0x7F >> UInt32(length))
        for index in 1..<length { scalar = scalar << 6 | UInt32(bytes[position + index] & 0x3F) }
        return (scalar, length)
    }

    /// Steps behind the next occurrence of a text, over XML characters only.
    mutating func skip(past text: StaticString, or reason: String, from start: Int? = nil) throws(TextProblem) {
        let start = start ?? position
        while position < bytes.count {
            if stands(text) {
                position += text.utf8CodeUnitCount
                return
            }
            let (scalar, length) = decode()
            guard XMLText.isCharacter(scalar) else { throw problem("a character that XML can't carry") }
            position += length
        }
        throw problem(reason, at: start)
    }

    /// Steps over white space; returns whether there was any.
    mutating func skipSpace() -> Bool {
        let start = position
        while position < bytes.count, isSpace(bytes[position]) { position += 1 }
        return position > start
    }

    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }

    /// Tells whether a text stands at the position.
    func stands(_ text: StaticString) -> Bool { stands(text, at: position) }

    private func stands(_ text: StaticString, at index: Int) -> Bool {
        guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
    }

    /// The position at which a text stands next.
    private func find(_ text: StaticString) -> Int? {
        (position..<bytes.count).first { stands(text, at: $0) }
    }

    func problem(_ reason: String, at offset: Int? = nil) -> TextProblem {
        TextProblem(reason, offset: offset ?? position, in: bytes)
    }
}
