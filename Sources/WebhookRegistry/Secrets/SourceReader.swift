internal import WebhookCore

/// Reads values that are a literal, `{ env: NAME }` or `{ file: PATH }`. Messages name the variable or the file, never
/// a value.
struct SourceReader {
    /// The most that a file with one value may hold.
    static let fileLimit = 65_536

    let context: LoadContext
    /// Tells whether a variable or file that is missing is an error; `nil`: the load's options say it.
    var isNeeded: Bool?

    private var isRequired: Bool { isNeeded ?? context.options.needsSources }

    func text(_ node: ConfigNode, _ name: String) -> Located<SourcedText>? {
        switch node.value {
        case .scalar(let text, _):
            guard !text.isEmpty else {
                context.problems.error(node.place, "\(name) is empty")
                return nil
            }
            return Located(value: SourcedText(value: text, isExternal: node.isSecret), place: node.place)
        case .mapping:
            return external(node, name)
        case .sequence, .null:
            context.problems.error(node.place, "\(name) must be a text, { env: NAME } or { file: PATH }")
            return nil
        }
    }

    /// - Parameter isSecret: whether others must not read it.
    func secret(_ node: ConfigNode, _ name: String, isSecret: Bool = true) -> Located<Secret>? {
        guard let text = text(node, name) else { return nil }
        if isSecret, !text.value.isExternal { context.noteLiteralSecret(text.place) }
        return text.map { Secret($0.isExternal ? SecretFile.secret(of: $0.value) : $0.value) }
    }

    /// A secret that goes into a header: no control characters.
    func headerSecret(_ node: ConfigNode, _ name: String, isSecret: Bool = true) -> Located<Secret>? {
        guard let secret = secret(node, name, isSecret: isSecret) else { return nil }
        if let problem = HeaderRules.problem(ofValue: secret.value.reveal(), named: name) {
            context.problems.error(node.place, problem)
            return nil
        }
        return secret
    }

    /// Warns of a secret that is short and stands in the configuration itself: somebody made it up.
    func warnOfShort(_ node: ConfigNode, _ name: String, _ secret: Located<Secret>) {
        guard case .scalar = node.value, secret.value.reveal().utf8.count < SigningSecretRules.shortest else { return }
        let shortest = SigningSecretRules.shortest
        context.problems.warning(secret.place, "\(name) is shorter than \(shortest) bytes: it can be guessed")
    }

    static func controlCharacters(_ name: String) -> String {
        "\(name) holds a line break or another control character, which a header cannot carry"
    }

    private func external(_ node: ConfigNode, _ name: String) -> Located<SourcedText>? {
        let section = Section(node, name, keys: ["env", "file"], isSensitive: true, problems: context.problems)
        guard let section else { return nil }
        switch (section.keyPlace("env"), section.keyPlace("file")) {
        case (nil, nil), (.some, .some):
            context.problems.error(node.place, "\(name) must be a text, or have one of `env` and `file`")
            return nil
        case (.some, nil):
            return section.text("env").flatMap { variable($0, name) }
        case (nil, .some):
            return section.text("file").flatMap { file($0, name) }
        }
    }

    private func variable(_ variable: Located<String>, _ name: String) -> Located<SourcedText>? {
        guard Self.isVariableName(variable.value) else {
            context.problems.error(variable.place, "`env` must be the name of an environment variable, without $")
            return nil
        }
        guard let value = context.environment[variable.value] else {
            guard isRequired else {
                noteMissing()
                return nil
            }
            context.problems.error(variable.place, "\(name): the environment variable \(variable.value) is not set")
            return nil
        }
        // What is no UTF-8 comes with this in its place.
        guard !value.unicodeScalars.contains("\u{FFFD}") else {
            let message = "\(name): the environment variable \(variable.value) is not UTF-8 text"
            context.problems.error(variable.place, message)
            return nil
        }
        guard !value.isEmpty else {
            context.problems.error(variable.place, "\(name): the environment variable \(variable.value) is empty")
            return nil
        }
        return Located(value: SourcedText(value: value, isExternal: true), place: variable.place)
    }

    private func file(_ path: Located<String>, _ name: String) -> Located<SourcedText>? {
        let reader = PathReader(context: context)
        if !isRequired, let resolved = reader.resolve(path, name),
            context.problem(with: resolved) != nil
        {
            noteMissing()
            return nil
        }
        guard let bytes = reader.contents(path, name, limit: Self.fileLimit) else { return nil }
        if let resolved = reader.resolve(path, name) { context.noteSecret(resolved, path.place) }
        guard var text = bytes.validatedText else {
            context.problems.error(path.place, "\(name): the file \(path.value) is not UTF-8 text")
            return nil
        }
        if text.utf8.last == 0x0A {
            var content = Array(text.utf8.dropLast())
            if content.last == 0x0D { content.removeLast() }
            text = String(decoding: content, as: UTF8.self)
        }
        guard !text.isEmpty else {
            context.problems.error(path.place, "\(name): the file \(path.value) is empty")
            return nil
        }
        return Located(value: SourcedText(value: text, isExternal: true), place: path.place)
    }

    /// Remembers that the load does without something; what isn't needed at all counts for nothing.
    private func noteMissing() {
        if !context.options.needsSources { context.noteMissing() }
    }

    static func isVariableName(_ text: String) -> Bool {
        guard let first = text.utf8.first, !isDigit(first), text.utf8.count <= 256 else { return false }
        return text.utf8.allSatisfy { isDigit($0) || isLetter($0) || $0 == UInt8(ascii: "_") }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func isLetter(_ byte: UInt8) -> Bool {
        let lower = byte | 0x20
        return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
    }
}

/// Rules for where a value may come from the environment or a file.
enum SourceRules {
    static let places = "`url`, `secrets`, `headers`, `basicAuth`, `bearer`, `authorization` and `tls.key` may be"

    /// Says of a mapping in a body or a payload that it looks like a source, which would be sent as it stands there.
    static func problem(of members: [ConfigNode.Member]) -> String? {
        guard members.count == 1, case .scalar(let text, _) = members[0].value.value, !text.hasPrefix("$") else {
            return nil
        }
        switch members[0].key {
        // Other texts are no names of variables: a body may well say in which environment it was made.
        case "env" where SourceReader.isVariableName(text) && text == text.uppercased(): break
        case "file": break
        default: return nil
        }
        let key = members[0].key
        return "a body takes nothing from the environment or from files, and { \(key): … } would be sent as it stands; "
            + "\(places) from there; for a member `\(key)` take the text from `vars`: { \(key): $vars.NAME }"
    }
}

/// A text together with where it came from.
struct SourcedText: Sendable, Equatable {
    var value: String
    /// True when it came from the environment or a file, or is a secret of a draft, and is not to be shown.
    var isExternal: Bool
}
