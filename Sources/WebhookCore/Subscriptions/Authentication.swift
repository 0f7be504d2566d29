/// How a request proves who sends it.
public enum Authentication: Sendable, Hashable {
    /// `Authorization: Basic …` (RFC 7617, UTF-8).
    case basic(username: String, password: Secret)
    /// `Authorization: Bearer …` (RFC 6750).
    case bearer(Secret)
    /// The raw value of `Authorization`.
    case raw(Secret)
}
