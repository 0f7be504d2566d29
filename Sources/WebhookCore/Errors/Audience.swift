/// The reader of a message: what it advises is something that this reader can do.
package enum Audience: Sendable, Hashable, CaseIterable {
    /// Whoever runs `webhooks`, and reads what it prints and logs.
    case commandLine
    /// Whoever calls the library.
    case host
    /// A client of the HTTP API.
    case client
}
