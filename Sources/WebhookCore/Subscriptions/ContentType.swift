/// How a body is written.
public enum ContentType: String, Sendable, Hashable, CaseIterable {
    case json = "application/json"
    case xml = "application/xml"
    case form = "application/x-www-form-urlencoded"

    /// The value of the `Content-Type` header.
    public var headerValue: String {
        switch self {
        case .json, .form: rawValue
        case .xml: "application/xml; charset=utf-8"
        }
    }
}
