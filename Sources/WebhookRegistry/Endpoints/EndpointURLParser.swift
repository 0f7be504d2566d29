public import WebhookCore

/// Reads endpoint URLs, strictly (RFC 3986): what two readers could take for different hosts is refused.
public enum EndpointURLParser {
    /// A URL, or why it is refused.
    ///
    /// The host is lower-cased, and a literal address in any spelling (`127.1`, `0x7f.1`, `2130706433`) gets its
    /// usual one. Whether the address may be reached is not judged here.
    ///
    /// - Parameter isSecret: whether the URL came from the environment or a file and is not to be shown.
    public static func parse(_ text: String, isSecret: Bool = false) -> Result<EndpointURL, EndpointURLError> {
        do {
            let parts = try URLParts(text)
            guard !parts.hasUserinfo else { throw URLProblem.userinfo }
            let authority = try URLAuthority(parts.host)
            return .success(
                EndpointURL(
                    scheme: parts.scheme,
                    host: authority.host,
                    port: authority.port ?? (parts.scheme == .http ? 80 : 443),
                    target: parts.target,
                    isSecret: isSecret
                )
            )
        } catch {
            return .failure(EndpointURLError(description: (error as? URLProblem ?? .syntax).description))
        }
    }
}

/// Why a URL is refused, to go on "the URL …"; it never quotes the URL.
public struct EndpointURLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// For example "has no host".
    public let description: String
}
