internal import WebhookCore

/// How values are written into a template's output.
enum TemplateEscape: Sendable, Hashable {
    /// Inside the quotes of a JSON string.
    case json
    case xml
    case form
    /// As they are: header values, which are checked afterwards.
    case header

    init(_ contentType: ContentType) {
        switch contentType {
        case .json: self = .json
        case .xml: self = .xml
        case .form: self = .form
        }
    }

    /// `{{x}}`: a text's characters, a number's digits, nothing for null, JSON for an array or object; escaped.
    func text(of value: JSONValue) -> String {
        switch value.kind {
        case .null: ""
        case .bool(let flag): flag ? "true" : "false"
        case .number(let text), .string(let text): escape(text)
        case .array, .object: escape(JSONText.source(of: value))
        }
    }

    /// `{{{x}}}`: the value as JSON; escaped where the output is not JSON.
    func json(of value: JSONValue) -> String {
        let text = JSONText.source(of: value)
        return self == .json ? text : escape(text)
    }

    private func escape(_ text: String) -> String {
        switch self {
        case .json:
            var output: [UInt8] = []
            JSON.appendEscaped(text, to: &output)
            return String(decoding: output, as: UTF8.self)
        case .xml: return XMLText.escapedForTemplate(text)
        case .form: return FormText.escaped(text)
        case .header: return text
        }
    }
}
