/// The value of a configured header.
public enum HeaderValue: Sendable, Hashable {
    /// Shown as it is.
    case plain(String)
    /// From the environment or a file: shown as `***`.
    case secret(Secret)

    /// The value as it is sent.
    package var text: String {
        switch self {
        case .plain(let text): text
        case .secret(let secret): secret.reveal()
        }
    }
}

/// A configured header.
public struct ConfiguredHeader: Sendable, Hashable {
    /// The name as written.
    public var name: String
    public var value: HeaderValue

    public init(name: String, value: HeaderValue) {
        self.name = name
        self.value = value
    }
}
