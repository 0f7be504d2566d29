internal import WebhookCore

/// A member of a request: absent, null, or a value.
enum Field<Value: Sendable>: Sendable {
    case absent, null
    case value(Value)

    var value: Value? { if case .value(let value) = self { value } else { nil } }
    /// `true` where a change is asked for.
    var isGiven: Bool { if case .absent = self { false } else { true } }

    /// The value, or what null stands for; what is absent stays as it is.
    func merged(into current: Value?) -> Value? {
        switch self {
        case .absent: current
        case .null: nil
        case .value(let value): value
        }
    }
}

/// Reads the object of a request strictly, and collects every problem. Unknown members are ignored.
final class FieldReader {
    private(set) var problems: [FieldProblem] = []
    private let object: JSONValue
    private let location: [String]

    private init(_ object: JSONValue, _ location: [String]) { (self.object, self.location) = (object, location) }

    /// Reads a body; absent, empty and `{}` are alike.
    ///
    /// - Parameter isOptional: whether there may be none.
    static func body(_ body: ByteString, isOptional: Bool = false) throws(APIError) -> FieldReader {
        if body.isEmpty, isOptional {
            return FieldReader(JSONValue(kind: .object([]), document: .empty, range: 0..<0), ["body"])
        }
        let value: JSONValue
        do {
            value = try JSON.parse(body)
        } catch {
            let text = body.isEmpty ? "a body is missing" : "the body is not JSON: \(error)"
            throw APIError(FieldProblem(["body"], text, type: "value_error.jsondecode"))
        }
        guard value.object != nil else {
            // PHP's empty array.
            if let items = value.array, items.isEmpty, isOptional {
                return FieldReader(JSONValue(kind: .object([]), document: .empty, range: 0..<0), ["body"])
            }
            throw APIError(FieldProblem(["body"], "the body must be an object", type: "value_error.jsondecode"))
        }
        let reader = FieldReader(value, ["body"])
        reader.refuseDuplicates()
        return reader
    }

    private func refuseDuplicates() {
        var seen: Set<String> = []
        for member in object.object ?? [] where !seen.insert(member.key).inserted {
            let key = String(member.key.prefix(64))
            problems.append(FieldProblem(location + [key], "\(key) is there twice"))
        }
    }

    /// Ends with all problems, where there are any.
    func finish() throws(APIError) { if !problems.isEmpty { throw APIError(problems: problems) } }

    func problem(_ name: String, _ message: String, type: String = "value_error") {
        problems.append(FieldProblem(location + [name], "\(name) \(message)", type: type))
    }

    /// A problem of a member of an inner object.
    func problem(in outer: String, _ name: String, _ message: String, type: String = "value_error") {
        let shown = String(name.prefix(64))
        problems.append(FieldProblem(location + [outer, shown], "\(shown) \(message)", type: type))
    }

    private func wrongType(_ name: String, _ expected: String) {
        problem(name, "must be \(expected)", type: "value_error.jsondecode")
    }

    /// The first of some names that is there: the newer name of a field stands first.
    private func node(_ names: [String]) -> (name: String, value: JSONValue)? {
        for name in names { if let value = object[name] { return (name, value) } }
        return nil
    }

    private func field<Value: Sendable>(_ names: [String], _ read: (String, JSONValue) -> Value?) -> Field<Value> {
        guard let (name, value) = node(names) else { return .absent }
        if value.isNull { return .null }
        return read(name, value).map { .value($0) } ?? .absent
    }

    // MARK: Values

    func text(_ name: String, _ check: (String) -> String? = { _ in nil }) -> Field<String> {
        field([name]) { name, value in
            guard let text = plainText(value) else {
                wrongType(name, "a text")
                return nil
            }
            if let message = check(text) {
                problem(name, message)
                return nil
            }
            return text
        }
    }

    /// The text of a string; none where a surrogate of it stands alone, or with a NUL, which not every store takes.
    private func plainText(_ value: JSONValue) -> String? {
        guard let text = value.string, !text.utf8.contains(0) else { return nil }
        if text.unicodeScalars.contains("\u{FFFD}") {
            let raw = value.raw.text.lowercased()
            if raw.contains("\\ud") { return nil }
        }
        return text
    }

    func requiredText(_ name: String, _ check: (String) -> String? = { _ in nil }) -> String {
        switch text(name, check) {
        case .value(let text): return text
        case .null: problem(name, "is required")
        case .absent: if object[name] == nil { problem(name, "is required") }
        }
        return ""
    }

    func flag(_ name: String) -> Field<Bool> {
        field([name]) { name, value in
            if case .bool(let flag) = value.kind { return flag }
            wrongType(name, "true or false")
            return nil
        }
    }

    func integer(_ names: String..., in range: ClosedRange<Int>) -> Field<Int> {
        field(names) { name, value in
            guard case .number(let text) = value.kind, let number = Int(text) else {
                wrongType(name, "a whole number")
                return nil
            }
            guard range.contains(number) else {
                problem(name, "must be from \(range.lowerBound) to \(range.upperBound)")
                return nil
            }
            return number
        }
    }

    func time(_ name: String) -> Field<Timestamp> {
        field([name]) { name, value in
            guard let text = value.string, let time = Timestamp(client: text) else {
                wrongType(name, "a time as in RFC 3339")
                return nil
            }
            return time
        }
    }

    /// A list of texts that all pass a check, each there once.
    func texts(_ names: String..., in range: ClosedRange<Int>, _ check: (String) -> String? = { _ in nil }) -> Field<
        [String]
    > {
        field(names) { name, value in
            guard let items = value.array else {
                wrongType(name, "a list of texts")
                return nil
            }
            guard range.contains(items.count) else {
                problem(name, "must have \(range.lowerBound) to \(range.upperBound) entries")
                return nil
            }
            var texts: [String] = []
            for item in items {
                guard let text = plainText(item) else {
                    wrongType(name, "a list of texts")
                    return nil
                }
                if let message = check(text) {
                    problem(name, "has an entry that \(message)")
                    return nil
                }
                if texts.contains(text) {
                    problem(name, "has an entry twice: \(text.prefix(64))")
                    return nil
                }
                texts.append(text)
            }
            return texts
        }
    }

    /// An object of texts, as JSON; an empty list counts as empty, for PHP writes it so.
    func metadata(_ name: String = "metadata") -> Field<String> {
        field([name]) { name, value in
            if let items = value.array, items.isEmpty { return "{}" }
            guard let members = value.object, members.allSatisfy({ $0.value.string != nil }) else {
                wrongType(name, "an object of texts")
                return nil
            }
            guard isWellFormed(name, value.raw) else { return nil }
            guard Set(members.map(\.key)).count == members.count else {
                problem(name, "has a member twice")
                return nil
            }
            guard value.raw.count <= 4096 else {
                problem(name, "is larger than 4096 bytes")
                return nil
            }
            return value.raw.text
        }
    }

    /// Leaves a problem where a text within a value has half of a surrogate pair.
    func isWellFormed(_ name: String, _ value: ByteString) -> Bool {
        guard JSON.hasLoneSurrogate(value) else { return true }
        problem(name, "has a text with half of a surrogate pair", type: "value_error.jsondecode")
        return false
    }

    /// Any JSON value, byte for byte.
    func json(_ names: String...) -> Field<JSONValue> { field(names) { _, value in value } }

    /// An object as the field's value, to be read itself.
    func object(_ name: String) -> FieldReader? {
        guard let value = object[name], !value.isNull else { return nil }
        guard value.object != nil else {
            if value.array?.isEmpty != true { wrongType(name, "an object") }
            return nil
        }
        let reader = FieldReader(value, location + [name])
        reader.refuseDuplicates()
        return reader
    }

    /// Takes over what an inner object's reader has found.
    func adopt(_ inner: FieldReader?) { problems += inner?.problems ?? [] }
}
