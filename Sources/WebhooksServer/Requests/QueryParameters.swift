internal import WebhookCore
internal import Webhooks

/// The parameters of a request's query. Unknown ones are ignored, but for those of our own operations; a wrong value is a
/// problem of the request.
struct QueryParameters: Sendable {
    private var values: [String: [String]] = [:]

    /// Reads the query of a target. Escapes that are none, or of NUL, are taken as they stand.
    init(_ target: String) {
        guard let mark = target.firstIndex(of: "?") else { return }
        let query = target[target.index(after: mark)...].prefix { $0 != "#" }
        for pair in query.split(separator: "&", maxSplits: 1_000) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = Self.name(Self.decoded(parts[0]))
            values[name, default: []].append(parts.count > 1 ? Self.decoded(parts[1]) : "")
        }
    }

    /// A list's elements may come as `name[]` or `name[0]`.
    private static func name(_ text: String) -> String {
        guard text.hasSuffix("]"), let open = text.lastIndex(of: "[") else { return text }
        let inner = text[text.index(after: open)...].dropLast()
        return inner.utf8.allSatisfy { (0x30...0x39).contains($0) } ? String(text[..<open]) : text
    }

    private static func decoded(_ text: Substring) -> String {
        let spaced =
            text.contains("+")
            ? text.split(separator: "+", omittingEmptySubsequences: false).joined(separator: " ") : String(text)
        guard let bytes = PercentEncoding.decode(spaced), !bytes.contains(0) else { return spaced }
        return String(validating: bytes, as: UTF8.self) ?? spaced
    }

    /// Refuses every parameter but these.
    func admit(_ known: [String]) throws(APIError) {
        let problems = values.keys.filter { !known.contains($0) }.sorted().prefix(10).map { name in
            let hint = NameHint.question(name, in: known).map { "; \($0)" } ?? ""
            return FieldProblem(
                ["query", ShownText.key(name)],
                "is no parameter of this operation: they are \(known.joined(separator: ", "))\(hint)"
            )
        }
        if !problems.isEmpty { throw APIError(problems: problems) }
    }

    /// The last value of a name; an empty one counts as absent.
    func text(_ name: String) -> String? { values[name]?.last.flatMap { $0.isEmpty ? nil : $0 } }

    /// The elements of a list, joined by commas or given one by one.
    func list(_ name: String) -> [String]? {
        let items = (values[name] ?? []).flatMap { $0.split(separator: ",").map(String.init) }
        return items.isEmpty ? nil : items
    }

    func flag(_ name: String, default standard: Bool = false) throws(APIError) -> Bool {
        switch text(name) {
        case nil: return standard
        case "true": return true
        case "false": return false
        default: throw APIError(FieldProblem(query: name, "must be true or false"))
        }
    }

    func integer(_ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int? {
        guard let text = text(name) else { return nil }
        guard text.utf8.count <= 9, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(text),
            range.contains(number)
        else {
            throw APIError(
                FieldProblem(query: name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            )
        }
        return number
    }

    /// A time in RFC 3339; without a zone it is UTC.
    func time(_ name: String) throws(APIError) -> Timestamp? {
        guard let text = text(name) else { return nil }
        guard let time = Timestamp(client: text) else {
            throw APIError(FieldProblem(query: name, "must be a time as in RFC 3339, such as 2026-03-01T09:30:00Z"))
        }
        return time
    }

    /// One of some words.
    func choice(_ name: String, of words: [String]) throws(APIError) -> String? {
        guard let text = text(name) else { return nil }
        guard words.contains(text) else {
            throw APIError(FieldProblem(query: name, "must be one of \(words.joined(separator: ", "))"))
        }
        return text
    }
}

extension Timestamp {
    /// A time as clients send it: RFC 3339, and without a zone in UTC. A space may stand for the `+` of a zone.
    init?(client text: String) {
        if let time = Timestamp(rfc3339: text) ?? Timestamp(rfc3339: text + "Z") {
            self = time
        } else if let space = text.lastIndex(of: " "), text.distance(from: text.startIndex, to: space) > 10,
            let time = Timestamp(rfc3339: text.replacing(at: space, with: "+"))
        {
            self = time
        } else {
            return nil
        }
    }
}

extension String {
    fileprivate func replacing(at index: Index, with character: Character) -> String {
        var copy = self
        copy.replaceSubrange(index...index, with: [character])
        return copy
    }
}
