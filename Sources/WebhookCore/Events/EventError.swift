/// Why an event is refused. The texts name the cause and never quote the data.
public enum EventError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The topic is not `segment.segment` of lower-case letters, digits and `_`.
    case topic
    /// The id is empty, longer than 256 bytes, or not printable ASCII without spaces.
    case id
    /// The tenant is empty, longer than 256 bytes, or holds control characters.
    case tenant
    /// The data is not acceptable JSON.
    case data(JSONError)
    /// The data is larger than 20 MB.
    case tooLarge

    public var description: String {
        switch self {
        case .topic: "the topic must be lower-case letters, digits and _, in segments joined by dots: course.created"
        case .id: "the id must be 1 to 256 bytes of printable ASCII without spaces"
        case .tenant: "the tenant must be 1 to 256 bytes without control characters"
        case .data(let error): "the data is not acceptable JSON: \(error)"
        case .tooLarge: "the data is larger than 20 MB"
        }
    }
}
