internal import WebhookCore

/// A template that has been read and checked, ready to render.
final class CompiledTemplate: Sendable {
    /// The file as messages name it.
    let name: String
    let source: String
    let elements: [TemplateElement]
    let escape: TemplateEscape
    private let steps: [TemplateStep]

    /// Reads a template.
    ///
    /// - Throws: ``TextProblem`` with the place of the first thing that is not supported or not well-formed.
    init(name: String, source: String, escape: TemplateEscape) throws(TextProblem) {
        self.name = name
        self.source = source
        self.escape = escape
        elements = try TemplateParser.parse(source)
        steps = TemplateLines.steps(of: elements)
    }

    /// Reads a body's template.
    convenience init(_ body: BodyTemplate) throws(TextProblem) {
        try self.init(name: body.name, source: body.source, escape: TemplateEscape(body.contentType))
    }

    /// The output, unchecked.
    func text(_ root: TemplateRoot, _ limit: BodyLimit) throws(RenderingError) -> String {
        String(decoding: try render(root, limit).bytes, as: UTF8.self)
    }

    /// The output as a body of a content type.
    ///
    /// - Throws: where it would be too large or is not well-formed, with the place in the output.
    func body(
        _ root: TemplateRoot,
        as contentType: ContentType,
        _ limit: BodyLimit
    ) throws(RenderingError) -> ByteString {
        var output = try render(root, limit)
        // A file ends with a line break, a form doesn't: it would belong to the last value.
        if contentType == .form { output.removeTrailingLineBreaks() }
        let body = ByteString(output.bytes)
        do {
            try WellFormedness.check(body, as: contentType)
        } catch {
            let kind = contentType.shortName
            throw RenderingError("\(name): the rendered \(kind) is not well-formed at \(error.text)")
        }
        return body
    }

    private func render(_ root: TemplateRoot, _ limit: BodyLimit) throws(RenderingError) -> BoundedBytes {
        try TemplateRenderer.render(steps, root, escape, limit)
    }
}

extension ContentType {
    /// The type's name in messages.
    var shortName: String {
        switch self {
        case .json: "JSON"
        case .xml: "XML"
        case .form: "form"
        }
    }
}

/// A part of a template, as our own parser sees it.
indirect enum TemplateElement: Sendable {
    case text(String)
    /// `{{name}}`, or `{{{name}}}` and `{{&name}}`: as JSON.
    case variable(TemplateTag, asJSON: Bool)
    /// `{{#name}}…{{/name}}`, or inverted `{{^name}}…{{/name}}`.
    case section(TemplateTag, isInverted: Bool, [TemplateElement])
    /// `{{! … }}`, which matters because a line with nothing else disappears.
    case comment
}

/// A name in a tag and where the tag begins.
struct TemplateTag: Sendable, Hashable {
    var name: String
    /// The tag's first byte in the template.
    var offset: Int
}

/// A step of rendering a template: its elements without the lines that hold nothing but a section's tag or a comment.
enum TemplateStep: Sendable {
    case text([UInt8])
    case variable(TemplatePath, asJSON: Bool)
    case section(TemplatePath, isInverted: Bool, [TemplateStep])
}

/// A tag's name, taken apart.
struct TemplatePath: Sendable {
    /// `.`: the innermost value itself.
    let isCurrent: Bool
    /// A leading dot: the first key is looked for in the innermost value alone.
    let isInnermost: Bool
    /// The key that is looked for from the innermost value outwards.
    let first: String
    /// The keys that are looked for in what it gives.
    let rest: [String]

    init(_ name: String) {
        isCurrent = name == "."
        isInnermost = name.hasPrefix(".")
        let keys = name.split(separator: ".").map(String.init)
        first = keys.first ?? ""
        rest = Array(keys.dropFirst())
    }
}
