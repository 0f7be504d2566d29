internal import WebhookCore

/// The escaping of values in a template's output.
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

    /// Appends `{{x}}`: a text's characters, a number's digits, nothing for null, JSON for an array or object; escaped.
    func append(_ value: JSONValue, to output: inout BoundedBytes) throws(RenderingError) {
        switch value.kind {
        case .null: return
        case .bool(let flag): try output.append(flag ? "true" : "false")
        case .number(let text), .string(let text): try append(text, to: &output)
        case .array, .object: try append(JSONText.source(of: value), to: &output)
        }
    }

    /// Appends `{{{x}}}`: the value as JSON; escaped where the output is not JSON.
    func appendJSON(_ value: JSONValue, to output: inout BoundedBytes) throws(RenderingError) {
        if self == .json, value.hasSource { return try output.append(value.document, value.range) }
        let text = JSONText.source(of: value)
        if self == .json { try output.append(text) } else { try append(text, to: &output) }
    }

    private func append(_ text: String, to output: inout BoundedBytes) throws(RenderingError) {
        switch self {
        case .json: try output.append(text) { JSON.appendEscaped($0, to: &$1) }
        case .xml: try output.append(text) { XMLText.appendForTemplate($0, to: &$1) }
        case .form: try output.append(text, escapedBy: FormText.append)
        case .header: try output.append(text)
        }
    }
}
