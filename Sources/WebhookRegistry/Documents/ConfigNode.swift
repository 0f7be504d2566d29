internal import WebhookCore

/// A value of a YAML or JSON document, with its place: what the loaders read, whichever of the two it came from.
struct ConfigNode: Sendable {
    /// The kind of value.
    enum Value: Sendable {
        /// Members in order; no key stands twice.
        case mapping([Member])
        case sequence([ConfigNode])
        /// A text. A plain one (YAML without quotes, JSON's numbers and booleans) may stand for another type.
        case scalar(String, isPlain: Bool)
        /// Nothing at all (`key:` in YAML), or JSON's `null`.
        case null
    }

    /// A key with its value.
    struct Member: Sendable {
        var key: String
        /// The place of the key.
        var place: SourcePlace
        var value: ConfigNode
    }

    var value: Value
    var place: SourcePlace
    /// True when a scalar is not to be shown, though it stands here itself.
    var isSecret = false
    /// Tells whether a variable in the text is not known, which was reported: what is left of the text means nothing.
    var isIncomplete = false

    /// True when this is nothing, or a plain `null` or `~`.
    var isNull: Bool {
        switch value {
        case .null: true
        case .scalar(let text, let isPlain): isPlain && (text == "null" || text == "~")
        case .mapping, .sequence: false
        }
    }

    /// True when this is nothing, or a mapping without members.
    var isEmpty: Bool { if case .mapping(let members) = value { members.isEmpty } else { isNull } }

    /// A plain `true` or `false`.
    var bool: Bool? {
        guard case .scalar(let text, isPlain: true) = value else { return nil }
        return text == "true" ? true : text == "false" ? false : nil
    }

    /// The text of a plain scalar that reads as a JSON number.
    var number: String? {
        guard case .scalar(let text, isPlain: true) = value, let first = text.utf8.first,
            first == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            (try? JSON.validate(ByteString(text))) != nil
        else { return nil }
        return text
    }

    /// The value as JSON: plain numbers, booleans and nulls as such, every other scalar as a string.
    var json: String {
        switch value {
        case .mapping(let members):
            "{" + members.map { "\(JSON.string($0.key)):\($0.value.json)" }.joined(separator: ",") + "}"
        case .sequence(let items):
            "[" + items.map(\.json).joined(separator: ",") + "]"
        case .scalar(let text, _):
            isNull ? "null" : bool != nil || number != nil ? text : JSON.string(text)
        case .null:
            "null"
        }
    }
}

/// A place in a configuration file.
package struct SourcePlace: Sendable, Hashable {
    /// The file as the user would name it.
    package var file: String
    /// From 1.
    package var line: Int
    /// In characters, from 1.
    package var column: Int

    /// To go on a message about something that stands at another place, too.
    var reference: String { file == DraftComposer.file ? "" : "; see line \(line)" }

    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// Collects what is wrong, so that all of it is reported at once. Confined to one load.
final class Problems {
    /// Who reads them.
    let audience: Audience
    private var found: Set<Diagnostic> = []
    /// The problems found since ``beginSubscription()``, each with whether it is about something that only sending
    /// needs.
    private var ofSubscription: [(diagnostic: Diagnostic, isAboutSending: Bool)] = []
    private var isAboutSending = false

    init(for audience: Audience = .commandLine) { self.audience = audience }

    var hasErrors: Bool { found.contains { $0.severity == .error } }

    /// Everything that is found while `body` runs is about what only sending needs: who gets which event, and with what body,
    /// is known all the same.
    func aboutSending<Result>(_ body: () -> Result) -> Result {
        let before = isAboutSending
        isAboutSending = true
        defer { isAboutSending = before }
        return body()
    }

    func beginSubscription() { ofSubscription = [] }

    /// Takes back the errors that were found since ``beginSubscription()``, where all of them are about sending.
    ///
    /// - Returns: them; none where there are others, which stay.
    func takeSendingErrors() -> [Diagnostic] {
        let errors = ofSubscription.filter { $0.diagnostic.severity == .error }
        guard errors.allSatisfy(\.isAboutSending) else { return [] }
        for error in errors { found.remove(error.diagnostic) }
        return errors.map(\.diagnostic).sorted { ($0.line ?? 0, $0.column ?? 0) < ($1.line ?? 0, $1.column ?? 0) }
    }

    func error(_ place: SourcePlace, _ message: String) { add(.error, place, message) }

    func warning(_ place: SourcePlace, _ message: String) { add(.warning, place, message) }

    func add(_ diagnostic: Diagnostic) {
        found.insert(diagnostic)
        ofSubscription.append((diagnostic, isAboutSending))
    }

    func add(_ severity: Diagnostic.Severity, _ place: SourcePlace, _ message: String) {
        add(Diagnostic(severity, file: place.file, line: place.line, column: place.column, message: message))
    }

    /// By file (the main one first), line and column. What aliases repeat is there once.
    func sorted(mainFile: String) -> [Diagnostic] {
        func key(_ diagnostic: Diagnostic) -> (Int, String, Int, Int, String) {
            let rank = diagnostic.file == mainFile ? 0 : 1
            return (rank, diagnostic.file, diagnostic.line ?? 0, diagnostic.column ?? 0, diagnostic.message)
        }
        return found.sorted { key($0) < key($1) }
    }
}
