/// Turns elements into steps, by Mustache's rule for lines: one that holds nothing but white space and one tag of a
/// section, or a comment, disappears.
///
/// The treatment of several tags in one line follows swift-mustache, with which a fuzzer compares the output.
struct TemplateLines {
    /// An element or one end of a section.
    private enum Piece {
        case text(String)
        case variable(TemplateTag, asJSON: Bool)
        case comment
        case open(TemplateTag, isInverted: Bool)
        case close
    }

    private var pieces: [Piece] = []
    private var position = 0

    /// The steps of a whole template.
    static func steps(of elements: [TemplateElement]) -> [TemplateStep] {
        var lines = TemplateLines()
        lines.flatten(elements)
        return lines.steps(atLineStart: true)
    }

    private mutating func flatten(_ elements: [TemplateElement]) {
        for element in elements {
            switch element {
            case .text(let text): pieces.append(.text(text))
            case .variable(let tag, let asJSON): pieces.append(.variable(tag, asJSON: asJSON))
            case .comment: pieces.append(.comment)
            case .section(let tag, let isInverted, let content):
                pieces.append(.open(tag, isInverted: isInverted))
                flatten(content)
                pieces.append(.close)
            }
        }
    }

    /// The steps up to the end of the section at hand.
    ///
    /// - Parameter atLineStart: whether nothing precedes in the line.
    private mutating func steps(atLineStart: Bool) -> [TemplateStep] {
        var atLineStart = atLineStart
        var output = StepCollector()
        while position < pieces.count {
            let piece = pieces[position]
            position += 1
            // Two tags without text between them begin a line with no white space.
            if case .text = piece {} else if atLineStart, !followsText { output.indent = "" }
            switch piece {
            case .text(let text):
                atLineStart = output.append(text, atLineStart: atLineStart)
            case .variable(let tag, let asJSON):
                output.flushIndent()
                output.append(.variable(TemplatePath(tag.name), asJSON: asJSON))
                atLineStart = false
            case .comment:
                atLineStart = atLineStart && endsLine()
            case .open(let tag, let isInverted):
                let standsAlone = atLineStart && endsLine()
                if !standsAlone { output.flushIndent() }
                let content = steps(atLineStart: standsAlone)
                output.append(.section(TemplatePath(tag.name), isInverted: isInverted, content))
                atLineStart = standsAlone
            case .close:
                if !(atLineStart && endsLine()) { output.flushIndent() }
                return output.steps
            }
        }
        return output.steps
    }

    /// True when the piece at hand follows a text.
    private var followsText: Bool {
        if position >= 2, case .text = pieces[position - 2] { true } else { false }
    }

    /// Tells whether the line ends behind the tag at hand; takes the rest of it away then.
    private mutating func endsLine() -> Bool {
        guard position < pieces.count else { return true }
        guard case .text(let text) = pieces[position] else { return false }
        let rest = text.drop { $0 == " " || $0 == "\t" }
        guard rest.first?.isNewline == true else { return false }
        pieces[position] = .text(String(rest.dropFirst()))
        return true
    }
}

/// Collects steps, joining texts.
private struct StepCollector {
    private(set) var steps: [TemplateStep] = []
    /// White space at the beginning of the line at hand, which disappears if a tag stands alone in it.
    var indent = ""

    mutating func append(_ step: TemplateStep) { steps.append(step) }

    mutating func flushIndent() {
        write(indent)
        indent = ""
    }

    /// Appends a text up to the next tag or the end; returns whether a line begins there.
    mutating func append(_ text: String, atLineStart: Bool) -> Bool {
        var atLineStart = atLineStart
        var rest = text[...]
        while true {
            if atLineStart {
                let space = rest.prefix { $0 == " " || $0 == "\t" }
                indent = String(space)
                rest = rest[space.endIndex...]
            }
            guard let lineBreak = rest.firstIndex(where: { $0 == "\n" || $0 == "\r\n" }) else {
                if !rest.isEmpty {
                    write(indent + rest)
                    indent = ""
                    atLineStart = false
                }
                return atLineStart
            }
            let next = rest.index(after: lineBreak)
            write(indent + rest[..<next])
            indent = ""
            rest = rest[next...]
            atLineStart = true
        }
    }

    private mutating func write(_ text: String) {
        guard !text.isEmpty else { return }
        var bytes: [UInt8] = []
        if case .text(let before)? = steps.last {
            steps.removeLast()
            bytes = before
        }
        bytes.append(contentsOf: text.utf8)
        steps.append(.text(bytes))
    }
}
