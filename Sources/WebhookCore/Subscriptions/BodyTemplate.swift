/// A custom body: the text of a Mustache template with the content type that its file name states.
public struct BodyTemplate: Sendable, Hashable {
    /// The file as the configuration names it, for messages.
    public var name: String
    public var contentType: ContentType
    /// The template.
    public var source: String

    public init(name: String, contentType: ContentType, source: String) {
        self.name = name
        self.contentType = contentType
        self.source = source
    }
}
