internal import WebhookCore

/// Renders a template's steps for one event, within a limit of bytes and of steps.
///
/// A step is a tag or a text that is come to, and an iteration of a section. They are counted, because sections over
/// lists multiply and need not write anything.
struct TemplateRenderer {
    /// The stack of values in which a name is looked up.
    private enum Scope {
        case root
        case value(JSONValue)
    }

    private let root: TemplateRoot
    private let escape: TemplateEscape
    private var output: BoundedBytes
    private var stepsLeft: Int
    /// The innermost last.
    private var scopes: [Scope] = [.root]

    /// The output, unchecked.
    ///
    /// - Throws: where the output would exceed the limit, or the data can't be read.
    static func render(
        _ steps: [TemplateStep],
        _ root: TemplateRoot,
        _ escape: TemplateEscape,
        _ limit: BodyLimit
    ) throws(RenderingError) -> BoundedBytes {
        var renderer = TemplateRenderer(root: root, escape: escape, limit)
        try renderer.render(steps)
        if let failure = root.failure { throw failure }
        return renderer.output
    }

    private init(root: TemplateRoot, escape: TemplateEscape, _ limit: BodyLimit) {
        self.root = root
        self.escape = escape
        output = BoundedBytes(limit)
        stepsLeft = limit.steps
    }

    private mutating func render(_ steps: [TemplateStep]) throws(RenderingError) {
        for step in steps {
            try count()
            switch step {
            case .text(let bytes): try output.append(bytes)
            case .variable(let path, let asJSON):
                guard case .value(let value)? = lookUp(path) else { continue }
                try asJSON ? escape.appendJSON(value, to: &output) : escape.append(value, to: &output)
            case .section(let path, isInverted: false, let content): try section(lookUp(path), content)
            case .section(let path, isInverted: true, let content): try inverted(lookUp(path), content)
            }
        }
    }

    /// Once for each item of an array; not for null and false; once for everything else.
    private mutating func section(_ scope: Scope?, _ content: [TemplateStep]) throws(RenderingError) {
        guard let scope else { return }
        guard case .value(let value) = scope else { return try render(content, in: scope) }
        switch value.kind {
        case .null, .bool(false): return
        case .array(let items):
            for item in items {
                try count()
                try render(content, in: .value(item))
            }
        default: try render(content, in: scope)
        }
    }

    /// Once for nothing, null, false and an empty array; not for everything else.
    private mutating func inverted(_ scope: Scope?, _ content: [TemplateStep]) throws(RenderingError) {
        guard let scope else { return try render(content) }
        guard case .value(let value) = scope else { return }
        switch value.kind {
        case .null, .bool(false): try render(content)
        case .array(let items) where items.isEmpty: try render(content, in: scope)
        default: return
        }
    }

    private mutating func render(_ content: [TemplateStep], in scope: Scope) throws(RenderingError) {
        scopes.append(scope)
        try render(content)
        scopes.removeLast()
    }

    private mutating func count() throws(RenderingError) {
        guard stepsLeft > 0 else { throw output.limit.tooManySteps }
        stepsLeft -= 1
    }

    /// The first key is looked for from the innermost scope outwards, the others in what it gives.
    private func lookUp(_ path: TemplatePath) -> Scope? {
        if path.isCurrent { return scopes.last }
        for scope in scopes.reversed() {
            let found =
                switch scope {
                case .root: root.value(named: path.first)
                case .value(let value): value.value(at: path.first)
                }
            if let found { return path.rest.isEmpty ? .value(found) : found.value(at: path.rest).map { .value($0) } }
            if path.isInnermost { return nil }
        }
        return nil
    }
}
