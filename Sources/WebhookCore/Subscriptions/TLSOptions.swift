/// What a subscription changes about TLS. Contents, not paths: the files were read when the configuration was loaded.
public struct TLSOptions: Sendable, Hashable {
    /// Certificates of the authorities to trust instead of the system's, PEM.
    public var authorities: ByteString?
    /// The client certificate chain, PEM.
    public var certificate: ByteString?
    /// The client certificate's key, PEM.
    public var key: Secret?

    public init(authorities: ByteString? = nil, certificate: ByteString? = nil, key: Secret? = nil) {
        self.authorities = authorities
        self.certificate = certificate
        self.key = key
    }
}

/// The HTTP version to speak.
public enum HTTPVersion: String, Sendable, Hashable, CaseIterable {
    case http1 = "1.1"
    /// Over TLS only.
    case http2 = "2"
}
