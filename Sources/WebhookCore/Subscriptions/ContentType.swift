/// How a body is written.
public enum ContentType: String, Sendable, Hashable, CaseIterable {
    case json = "application/json"
    case xml = "application/xml"
    case form = "application/x-www-form-urlencoded"
}
