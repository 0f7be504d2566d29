internal import WebhookCore

/// A strict well-formedness check of XML 1.0 (fifth edition) documents in UTF-8.
///
/// Elements, attributes, the five predefined entities, character references, CDATA, comments, processing instructions
/// and the declaration are taken; a document type declaration is refused, so nothing can be expanded or fetched. The
/// check keeps its own stack, and its messages never quote the document.
struct XMLChecker {
    let bytes: [UInt8]
    var position = 0
    private let maxDepth: Int
    /// The names of open elements.
    private var open: [Range<Int>] = []

    init(_ bytes: [UInt8], maxDepth: Int) {
        self.bytes = bytes
        self.maxDepth = maxDepth
    }

    /// Checks the whole document: prolog, one root element, and comments or instructions after it.
    mutating func checkDocument() throws(TextProblem) {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
        if stands("<?xml"), position + 5 < bytes.count, isSpace(bytes[position + 5]) { try declaration() }
        var hasRoot = false
        while position < bytes.count {
            if isSpace(bytes[position]) {
                position += 1
            } else if stands("<!--") {
                try comment()
            } else if stands("<!DOCTYPE") {
                throw problem("a document type declaration is not allowed")
            } else if stands("<?") {
                try instruction()
            } else if stands("<") {
                guard !hasRoot else { throw problem("there is more than one root element") }
                hasRoot = true
                try elements()
            } else {
                throw problem("there is text outside of the root element")
            }
        }
        guard hasRoot else { throw problem("there is no root element") }
    }

    /// From the root's start tag to its end tag.
    private mutating func elements() throws(TextProblem) {
        try startTag()
        while !open.isEmpty {
            guard position < bytes.count else {
                throw problem("an element is not closed", at: open.last?.lowerBound ?? position)
            }
            if stands("</") {
                try endTag()
            } else if stands("<!--") {
                try comment()
            } else if stands("<![CDATA[") {
                position += 9
                try skip(past: "]]>", or: "a CDATA section is not closed")
            } else if stands("<?") {
                try instruction()
            } else if stands("<") {
                try startTag()
            } else if stands("]]>") {
                throw problem("]]> must not stand in text")
            } else {
                try character()
            }
        }
    }

    private mutating func startTag() throws(TextProblem) {
        let start = position
        position += 1
        let name = try readName()
        var attributes: Set<ArraySlice<UInt8>> = []
        while true {
            let spaced = skipSpace()
            if stands("/>") {
                position += 2
                return
            }
            if stands(">") {
                position += 1
                guard open.count < maxDepth else { throw problem("elements nest too deep", at: start) }
                open.append(name)
                return
            }
            guard position < bytes.count else { throw problem("a tag is not closed", at: start) }
            guard spaced else { throw problem("white space is missing before an attribute") }
            let attribute = try readName()
            guard attributes.insert(bytes[attribute]).inserted else {
                throw problem("an attribute stands twice", at: attribute.lowerBound)
            }
            _ = skipSpace()
            guard stands("=") else { throw problem("an attribute has no value") }
            position += 1
            _ = skipSpace()
            try attributeValue()
        }
    }

    private mutating func attributeValue() throws(TextProblem) {
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") || bytes[position] == UInt8(ascii: "'")
        else { throw problem("an attribute's value is not in quotes") }
        let quote = bytes[position]
        let start = position
        position += 1
        while position < bytes.count, bytes[position] != quote {
            if stands("<") { throw problem("< must not stand in an attribute") }
            try character()
        }
        guard position < bytes.count else { throw problem("an attribute's value is not closed", at: start) }
        position += 1
    }

    private mutating func endTag() throws(TextProblem) {
        let start = position
        position += 2
        let name = try readName()
        _ = skipSpace()
        guard stands(">") else { throw problem("a tag is not closed", at: start) }
        position += 1
        let opened = open.removeLast()
        guard bytes[opened] == bytes[name] else {
            let place = TextProblem("", offset: opened.lowerBound, in: bytes).position
            throw problem("this closes another element than the one opened at line \(place.line)", at: start)
        }
    }
}
