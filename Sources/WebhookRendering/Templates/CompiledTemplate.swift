internal import Mustache
internal import WebhookCore

/// A template that has been read and checked, ready to render.
final class CompiledTemplate: Sendable {
    /// The file as messages name it.
    let name: String
    let source: String
    let elements: [TemplateElement]
    private let escape: TemplateEscape
    private let program: MustacheTemplate

    /// Reads a template.
    ///
    /// - Throws: ``TextProblem`` with the place of the first thing that is not supported or not well-formed.
    init(name: String, source: String, escape: TemplateEscape) throws(TextProblem) {
        self.name = name
        self.source = source
        self.escape = escape
        elements = try TemplateParser.parse(source)
        do {
            program = try MustacheTemplate(string: TemplateElement.normalized(elements))
        } catch {
            // Our own parser takes only what the library takes too; this would be a difference that no test has found.
            throw TextProblem("the template can't be read", at: TextPosition(line: 1, column: 1))
        }
    }

    /// Reads a body's template.
    convenience init(_ body: BodyTemplate) throws(TextProblem) {
        try self.init(name: body.name, source: body.source, escape: TemplateEscape(body.contentType))
    }

    /// The output, unchecked.
    func text(_ root: TemplateRoot) throws(RenderingError) -> String {
        let text = program.render(TemplateScope(root: root, escape: escape))
        if let failure = root.failure { throw failure }
        return text
    }

    /// The output as a body of a content type.
    ///
    /// - Throws: where it is not well-formed, with the place in the output.
    func body(_ root: TemplateRoot, as contentType: ContentType) throws(RenderingError) -> ByteString {
        var text = try self.text(root)
        if contentType == .form {
            // A file ends with a line break, a form doesn't: it would belong to the last value.
            while let last = text.last, last.isNewline { text.removeLast() }
        }
        let body = ByteString(text)
        do {
            try WellFormedness.check(body, as: contentType)
        } catch {
            let kind = contentType.shortName
            throw RenderingError("\(name): the rendered \(kind) is not well-formed at \(error.text)")
        }
        return body
    }
}

extension ContentType {
    /// What a message calls it.
    var shortName: String {
        switch self {
        case .json: "JSON"
        case .xml: "XML"
        case .form: "form"
        }
    }
}
