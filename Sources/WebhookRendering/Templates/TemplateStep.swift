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
    let keys: [String]

    init(_ name: String) {
        isCurrent = name == "."
        isInnermost = name.hasPrefix(".")
        keys = name.split(separator: ".").map(String.init)
    }
}
