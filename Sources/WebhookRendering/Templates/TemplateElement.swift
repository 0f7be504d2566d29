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

extension TemplateElement {
    /// The same template in the words of the Mustache library, with all escaping left to the values themselves.
    ///
    /// Every variable becomes an unescaped one, so that the library's own HTML escaping never acts; one that is wanted as
    /// JSON asks its value for that by a transform, which templates themselves can't name.
    static func normalized(_ elements: [TemplateElement]) -> String {
        var text = ""
        for element in elements {
            switch element {
            case .text(let part): text += part
            case .variable(let tag, asJSON: false): text += "{{{\(tag.name)}}}"
            case .variable(let tag, asJSON: true): text += "{{{\(TemplateNode.jsonTransform)(\(tag.name))}}}"
            case .section(let tag, let isInverted, let content):
                text += isInverted ? "{{^\(tag.name)}}" : "{{#\(tag.name)}}"
                text += normalized(content)
                text += "{{/\(tag.name)}}"
            case .comment: text += "{{!}}"
            }
        }
        return text
    }
}
