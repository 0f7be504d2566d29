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
