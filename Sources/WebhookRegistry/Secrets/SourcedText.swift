/// A text together with where it came from.
struct SourcedText: Sendable, Equatable {
    var value: String
    /// Whether it came from the environment or a file, and is not to be shown.
    var isExternal: Bool
}
