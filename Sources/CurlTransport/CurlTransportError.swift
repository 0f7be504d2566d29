internal import Glibc

/// Why a transport could not be made.
public struct CurlTransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What failed, in words.
    public let description: String

    static func system(_ call: String, _ code: Int32) -> CurlTransportError {
        CurlTransportError(description: "\(call): \(String(cString: strerror(code)))")
    }

    static let thread = CurlTransportError(description: "no thread could be started")

    static let library = CurlTransportError(description: "libcurl could not be initialized")

    static let tlsLibrary = CurlTransportError(description: "libcurl has to be built with OpenSSL")
}
