/// A token that was given out for one application.
package struct AccessToken: Sendable, Hashable {
    /// The digest of the token, which itself is kept nowhere.
    package var digest: ByteString
    /// The application's id.
    package var application: String
    /// The rights that it gives, by the names of the API; `nil`: everything that such a token may.
    package var capabilities: [String]?
    package var isReadOnly: Bool
    /// Names those that end together.
    package var session: String?
    package var expiresAt: Timestamp

    package init(
        digest: ByteString,
        application: String,
        capabilities: [String]?,
        isReadOnly: Bool,
        session: String?,
        expiresAt: Timestamp
    ) {
        self.digest = digest
        self.application = application
        self.capabilities = capabilities
        self.isReadOnly = isReadOnly
        self.session = session
        self.expiresAt = expiresAt
    }
}
