internal import WebhookCore
internal import Yams

/// Our own words for what the YAML parser found. Its texts are fixed phrases; they only choose between ours.
enum YAMLProblem {
    static func documentError(_ error: any Error, text: String, file: String) -> DocumentError {
        switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _)?, .parser(let context, let problem, let mark, _)?:
            // An unclosed quote or bracket is better shown where it opens than where the file ends.
            let opening = problem.contains("unexpected end of stream") ? context?.mark : nil
            return make(position(opening ?? mark), message(problem, context?.text, at: mark, text: text), file)
        case .composer(_, let problem, let mark, _)?:
            return make(
                position(mark),
                problem.contains("another document")
                    ? "a second document begins here; the file must be a single one"
                    : "this alias has no anchor before it; quote a text that begins with *",
                file
            )
        case .duplicatedKeysInMapping(let keys, let context)?:
            let key = keys.first.map { KeyText.named("the key", $0) } ?? "the key"
            return make(position(context.mark), "\(key) stands here and a second time in the same mapping", file)
        case .reader(_, let offset, _, _)?:
            return make(position(ofCharacter: offset ?? 0, in: text), "a character that YAML does not allow", file)
        default:
            return make(TextPosition(line: 1, column: 1), "this is not a YAML document", file)
        }
    }

    private static func make(_ position: TextPosition, _ message: String, _ file: String) -> DocumentError {
        DocumentError(SourcePlace(file: file, line: position.line, column: position.column), message)
    }

    private static func position(_ mark: Mark) -> TextPosition {
        TextPosition(line: max(1, mark.line), column: max(1, mark.column))
    }

    private static func message(_ problem: String, _ context: String?, at mark: Mark, text: String) -> String {
        if scalar(at: mark, in: text) == "\t" { return "a tab cannot indent; use spaces" }
        if problem.contains("cannot start any token") {
            return "a text that begins with this character must be quoted"
        }
        if context?.contains("alias") == true { return "a text that begins with * must be quoted" }
        if context?.contains("anchor") == true { return "a text that begins with & must be quoted" }
        if problem.contains("mapping values are not allowed") {
            return "a colon cannot stand here; check the indentation, or quote the text"
        }
        if problem.contains("expected ',' or ']'") { return "a comma or ] is missing" }
        if problem.contains("expected ',' or '}'") { return "a comma or } is missing" }
        if problem.contains("could not find expected ':'") { return "a colon and a space must follow a key" }
        if problem.contains("expected key") || problem.contains("'-' indicator") || problem.contains("block sequence") {
            return "this does not fit the lines above; check the indentation"
        }
        if problem.contains("unexpected end of stream") { return "a quote that opens here is not closed" }
        if problem.contains("escape") { return "an unknown escape in a text in double quotes" }
        if problem.contains("nesting level") { return "nested deeper than \(DocumentReader.maxDepth) levels" }
        if problem.contains("document start") {
            return "this does not fit the lines above; check the indentation and the quotes"
        }
        return "this is not valid YAML; check the indentation and the quotes"
    }

    private static func scalar(at mark: Mark, in text: String) -> Unicode.Scalar? {
        var line = 1
        var column = 1
        for scalar in text.unicodeScalars {
            if line == mark.line, column == mark.column { return scalar }
            if scalar == "\n" {
                line += 1
                column = 1
            } else {
                column += 1
            }
        }
        return nil
    }

    private static func position(ofCharacter offset: Int, in text: String) -> TextPosition {
        var position = TextPosition(line: 1, column: 1)
        for character in text.prefix(offset) {
            if character.isNewline {
                position = TextPosition(line: position.line + 1, column: 1)
            } else {
                position.column += character.unicodeScalars.count
            }
        }
        return position
    }
}
