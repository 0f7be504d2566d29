/// The configuration's settings for the HTTP API.
package struct ServerSettings: Sendable, Hashable {
    /// The address to listen on; defaults to 127.0.0.1:8071.
    package var listen = ListenAddress("127.0.0.1:8071")!
    /// The beginning of links to this server, without a slash at its end; `nil`: `http://` and ``listen``.
    package var publicURL: String?
    /// The tokens of the whole organisation.
    package var tokens: [Secret] = []
    /// Lets whoever watches the process read its health and metrics from another machine.
    package var metricsToken: Secret?
    /// The keys that seal secrets in the store, 32 bytes each in base64: the first seals, all open.
    package var encryptionKeys: [Secret] = []
    /// The most bytes of a request's body; defaults to 2 MiB.
    package var maxBody = 2 << 20
    /// The most endpoints of an application; defaults to 1,000.
    package var maxEndpoints = 1000
    /// `true` where a console is wanted.
    package var console = true

    /// The built-in defaults.
    package init() {}

    /// The fewest characters of a token: 32 of an alphabet of 64 can't be guessed.
    package static let shortestToken = 32
    /// The values that ``maxBody`` may have.
    package static let maxBodyRange = 1024...(32 << 20)
    /// The values that ``maxEndpoints`` may have.
    package static let maxEndpointsRange = 1...100_000
}
