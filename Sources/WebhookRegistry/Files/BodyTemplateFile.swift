internal import WebhookCore

/// The names of body templates: the inner extension states the content type.
enum BodyTemplateFile {
    /// For messages.
    static let names = "NAME.json.mustache, NAME.xml.mustache or NAME.form.mustache"

    /// The content type that a file's name states.
    static func contentType(of name: String) -> ContentType? {
        if name.hasSuffix(".json.mustache") { return .json }
        if name.hasSuffix(".xml.mustache") { return .xml }
        return name.hasSuffix(".form.mustache") ? .form : nil
    }
}
