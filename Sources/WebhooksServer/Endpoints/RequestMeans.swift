/// The requests that a client of the API makes where a host in Swift calls a function, for problems of endpoints.
enum RequestMeans {
    /// A problem's message without functions of the library.
    static func text(_ message: String) -> String {
        guard message.contains("`") || message.contains("whsk_") else { return message }
        return message.replacing(#/make one with `Signatures\.generate\([^`]*\)`/#) { _ in
            "leave it out, and one is made"
        }
        .replacing(#/`topics\.entries\(profile: "([^`"]*)"\)`/#) { "`webhooks topics list --profile \($0.1)`" }
        .replacing("`topics.topic(_:)`", with: "`webhooks topics show`")
        .replacing(
            "list the address under `egress.allow` if that is meant",
            with: "the address is not public, and only whoever runs this server can allow it (`egress.allow`)"
        )
        .replacing(
            ", unless `egress.allow` lists its host:port",
            with: "; only whoever runs this server can make an exception (`egress.allow`)"
        )
        .replacing("whsec_ (or whsk_ for Ed25519)", with: "whsec_")
    }
}
