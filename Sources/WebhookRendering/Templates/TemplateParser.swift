internal import WebhookCore

/// Reads the subset of Mustache that bodies and headers may use, and refuses the rest with its place.
///
/// Variables, sections, inverted sections and comments are in it. Partials, inheritance, delimiter changes, pragmas and
/// functions are not: the first three reach beyond the file, the others could turn escaping off.
struct TemplateParser {
    private let bytes: [UInt8]
    private var position = 0
    private static let maxDepth = 64

    init(_ source: String) {
        // A byte order mark is no part of the text.
        bytes = Array(source.utf8.starts(with: [0xEF, 0xBB, 0xBF]) ? source.utf8.dropFirst(3) : source.utf8[...])
    }

    /// Parses the whole template.
    static func parse(_ source: String) throws(TextProblem) -> [TemplateElement] {
        var parser = TemplateParser(source)
        return try parser.elements(of: nil, depth: 0)
    }

    /// The positions of tags, in their order, in the template: one pass over it for all.
    static func positions(of tags: some Collection<TemplateTag>, in source: String) -> [TextPosition] {
        guard !tags.isEmpty else { return [] }
        let bytes = TemplateParser(source).bytes
        var (offset, position) = (0, TextPosition(line: 1, column: 1))
        return tags.map { tag in
            position.advance(over: bytes[offset..<max(offset, tag.offset)])
            offset = max(offset, tag.offset)
            return position
        }
    }

    private mutating func elements(of section: TemplateTag?, depth: Int) throws(TextProblem) -> [TemplateElement] {
        var elements: [TemplateElement] = []
        while true {
            let text = position..<nextTag()
            if !text.isEmpty { elements.append(.text(try self.text(text))) }
            position = text.upperBound
            guard position < bytes.count else {
                if let section { throw problem("the section \(section.name) is not closed", at: section.offset) }
                return elements
            }
            let start = position
            position += 2
            let sigil = position < bytes.count ? bytes[position] : 0
            switch sigil {
            case UInt8(ascii: "{"):
                position += 1
                elements.append(.variable(try tag(start, closing: "}}}"), asJSON: true))
            case UInt8(ascii: "&"):
                position += 1
                elements.append(.variable(try tag(start), asJSON: true))
            case UInt8(ascii: "#"), UInt8(ascii: "^"):
                position += 1
                guard depth < Self.maxDepth else { throw problem("sections nest too deep", at: start) }
                let opened = try tag(start)
                let content = try self.elements(of: opened, depth: depth + 1)
                elements.append(.section(opened, isInverted: sigil == UInt8(ascii: "^"), content))
            case UInt8(ascii: "/"):
                position += 1
                let closed = try tag(start)
                guard let section else { throw problem("no section is open here", at: start) }
                guard closed.name == section.name else {
                    throw problem("the section \(section.name) is open here, not \(closed.name)", at: start)
                }
                return elements
            case UInt8(ascii: "!"):
                position = try close(start, "}}").after
                elements.append(.comment)
            default:
                if let refusal = Self.refusal(sigil) { throw problem(refusal, at: start) }
                elements.append(.variable(try tag(start), asJSON: false))
            }
        }
    }

    /// A text between tags. The library reads characters, not bytes, so none of a brace's may join with a neighbour.
    private func text(_ range: Range<Int>) throws(TextProblem) -> String {
        let text = String(decoding: bytes[range], as: UTF8.self)
        let joinsBefore = range.lowerBound > 0 && ("}" + text.prefix(1)).count == 1
        let joinsAfter = range.upperBound < bytes.count && (text.suffix(1) + "{").count == 1
        guard !joinsBefore, !joinsAfter else {
            let place = joinsBefore ? range.lowerBound : range.upperBound
            throw problem("a character that combines with its neighbour can't stand next to a tag", at: place)
        }
        return text
    }

    private static func refusal(_ sigil: UInt8) -> String? {
        switch sigil {
        case UInt8(ascii: ">"): "partials are not supported: put the text in place"
        case UInt8(ascii: "<"), UInt8(ascii: "$"): "template inheritance is not supported"
        case UInt8(ascii: "="): "changing the delimiters is not supported"
        case UInt8(ascii: "%"): "pragmas are not supported"
        default: nil
        }
    }

    /// The offset at which the next tag begins, or the end.
    private func nextTag() -> Int {
        var index = position
        while index + 1 < bytes.count {
            if bytes[index] == UInt8(ascii: "{"), bytes[index + 1] == UInt8(ascii: "{") { return index }
            index += 1
        }
        return bytes.count
    }

    /// Reads a name up to the closing delimiter.
    private mutating func tag(_ start: Int, closing: String = "}}") throws(TextProblem) -> TemplateTag {
        let (end, after) = try close(start, closing)
        let content = bytes[position..<end]
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
        guard let first = content.firstIndex(where: { !isSpace($0) }),
            let last = content.lastIndex(where: { !isSpace($0) })
        else { throw problem("the tag has no name", at: start) }
        let name = content[first...last]
        position = after
        if name.contains(UInt8(ascii: "(")) { throw problem("functions are not supported in tags", at: start) }
        guard Self.isName(name) else {
            throw problem(
                "not a variable name: letters, digits, _, - and ? in parts joined by dots are; "
                    + "two braces that are meant as text need a space between them",
                at: start
            )
        }
        return TemplateTag(name: String(decoding: name, as: UTF8.self), offset: start)
    }

    private func close(_ start: Int, _ delimiter: String) throws(TextProblem) -> (end: Int, after: Int) {
        let delimiter = Array(delimiter.utf8)
        var index = position
        while index + delimiter.count <= bytes.count {
            if bytes[index..<(index + delimiter.count)].elementsEqual(delimiter) {
                return (index, index + delimiter.count)
            }
            index += 1
        }
        throw problem("the tag is not closed by \(String(decoding: delimiter, as: UTF8.self))", at: start)
    }

    /// `.`, or parts joined by dots; a leading dot means the innermost section alone.
    private static func isName(_ name: ArraySlice<UInt8>) -> Bool {
        if name.elementsEqual(".".utf8) { return true }
        let path = name.first == UInt8(ascii: ".") ? name.dropFirst() : name
        return path.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty
                && part.allSatisfy {
                    switch $0 {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                        UInt8(ascii: "?"):
                        true
                    default: false
                    }
                }
        }
    }

    private func problem(_ reason: String, at offset: Int) -> TextProblem {
        TextProblem(reason, offset: offset, in: bytes)
    }
}
