/// A header field of a request or an answer.
public struct HTTPHeader: Sendable, Hashable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    /// The most bytes of a value that is sent: common servers take 8 to 16 KiB.
    package static let maxValueSize = 16 << 10

    /// Whether a value can stand in a header that is sent: no control characters (RFC 9110, section 5.5), C1 included.
    package static func isValid(_ value: String) -> Bool { !value.hasControlCharacters }
}
