internal import WebhookCore

/// Reads `server`: the HTTP API's address, tokens and limits.
struct ServerLoader {
    static let keys = [
        "listen", "public", "publicURL", "tokens", "metricsToken", "encryptionKey", "maxBody", "maxEndpoints",
        "console",
    ]

    let context: LoadContext

    private var problems: Problems { context.problems }
    private var sources: SourceReader { SourceReader(context: context) }
    private var tokenSources: SourceReader {
        SourceReader(context: context, isNeeded: context.options.needsTokens ? nil : false)
    }

    func load(_ root: Section) -> ServerSettings {
        var settings = ServerSettings()
        guard let node = root.container("server") else {
            if root.keyPlace("server") == nil { requireForAPI(nil, root.place) }
            return settings
        }
        guard let section = Section(node, "`server`", keys: Self.keys, isSensitive: true, problems: problems) else {
            return settings
        }
        requireForAPI(section, node.place)
        let isPublic = section.bool("public")?.value ?? false
        if let listen = section.text("listen") {
            if let address = ListenAddress(listen.value) {
                settings.listen = address
                if !address.isLoopback, !isPublic {
                    problems.error(
                        listen.place,
                        "`listen` is open to other machines: add `public: true` to `server` if that is meant"
                    )
                }
            } else {
                problems.error(
                    listen.place,
                    "`listen` must be an address and a port, such as 127.0.0.1:8071 or [::1]:8071"
                )
            }
        }
        if let url = section.text("publicURL") { settings.publicURL = publicURL(url) }
        settings.tokens = (section.items("tokens") ?? []).compactMap { token($0, "a token") }
        settings.metricsToken = section.node("metricsToken").flatMap { token($0, "`metricsToken`") }
        if let node = section.node("encryptionKey") { settings.encryptionKeys = encryptionKeys(node) }
        let maxBody = section.node("maxBody").flatMap {
            section.read.size($0, "`maxBody`", ServerSettings.maxBodyRange, "from 1KiB to 32MiB")
        }
        if let maxBody { settings.maxBody = maxBody.value }
        let maxEndpoints = section.integer("maxEndpoints", ServerSettings.maxEndpointsRange)
        if let maxEndpoints { settings.maxEndpoints = maxEndpoints.value }
        if let console = section.bool("console") { settings.console = console.value }
        return settings
    }

    /// Reports what the HTTP API can't do without, where it is wanted; where it is there in part, as a warning.
    ///
    /// - Parameter section: `nil`: there is none.
    private func requireForAPI(_ section: Section?, _ place: SourcePlace) {
        let isNeeded = context.options.needsServer
        guard isNeeded || context.options.judgesServer && section != nil else { return }
        let effect = isNeeded ? "" : "; `webhooks serve` doesn't start without"
        if section?.keyPlace("tokens") == nil || section?.items("tokens")?.isEmpty == true {
            problems.add(
                isNeeded ? .error : .warning,
                section?.keyPlace("tokens") ?? place,
                "`server` has no `tokens`, and nobody could use the API: `webhooks keygen --token` makes one, for "
                    + "`tokens: [{ env: WEBHOOKS_API_TOKEN }]`\(effect)"
            )
        }
        if section?.keyPlace("encryptionKey") == nil {
            problems.add(
                isNeeded ? .error : .warning,
                place,
                "`server` has no `encryptionKey`, which seals the secrets of endpoints in the store: `webhooks keygen "
                    + "--encryption` makes one, for `encryptionKey: { file: webhooks.key }`\(effect)"
            )
        }
    }

    /// Tells whether a secret has a `${NAME}`, which was reported: what is there is no secret.
    private func isVariable(_ node: ConfigNode) -> Bool {
        guard case .scalar(let text, _) = node.value, !node.isSecret else { return false }
        return !EnvironmentText.names(in: text).isEmpty
    }

    /// A token, as a header carries it: visible ASCII, and long enough that nobody guesses it.
    private func token(_ node: ConfigNode, _ name: String) -> Secret? {
        guard !isVariable(node), let secret = tokenSources.secret(node, name) else { return nil }
        let text = secret.value.reveal()
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            problems.error(secret.place, "\(name) must be visible ASCII without spaces, as a header carries it")
            return nil
        }
        guard text.utf8.count >= ServerSettings.shortestToken else {
            let shortest = ServerSettings.shortestToken
            problems.error(
                secret.place,
                Remedy.makeToken.text(
                    after: "\(name) has fewer than \(shortest) characters: it can be guessed",
                    for: problems.audience
                )
            )
            return nil
        }
        return secret.value
    }

    private func encryptionKeys(_ node: ConfigNode) -> [Secret] {
        let nodes: [ConfigNode]
        if case .sequence(let items) = node.value { nodes = items } else { nodes = [node] }
        if nodes.isEmpty { problems.error(node.place, "`encryptionKey` is an empty list") }
        var keys: [Secret] = []
        for node in nodes {
            guard !isVariable(node), let secret = sources.secret(node, "`encryptionKey`") else { continue }
            if WebhookCore.Base64.decode(secret.value.reveal())?.count != 32 {
                problems.error(secret.place, "`encryptionKey` must be 32 bytes in base64")
            } else if keys.contains(secret.value) {
                problems.error(secret.place, "`encryptionKey` has this key twice")
            } else {
                keys.append(secret.value)
            }
        }
        return keys
    }

    /// An absolute URL without user, query and fragment; the slash at its end goes.
    private func publicURL(_ url: Located<String>) -> String? {
        var text = url.value
        while text.hasSuffix("/") { text.removeLast() }
        let rest = ["https://", "http://"].first { text.lowercased().hasPrefix($0) }.map { text.dropFirst($0.count) }
        guard let rest, !rest.isEmpty, !rest.hasPrefix("/"), !rest.contains(where: { "@?#\\ ".contains($0) }),
            !text.hasControlCharacters, text.utf8.count <= 2048
        else {
            problems.error(
                url.place,
                "`publicURL` must be http:// or https:// with a host, such as https://hooks.example.com"
            )
            return nil
        }
        return text
    }
}
