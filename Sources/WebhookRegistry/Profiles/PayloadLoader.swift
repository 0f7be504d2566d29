internal import WebhookCore

/// `payload:` of a topic or a subscription → ``PayloadValue``.
struct PayloadLoader {
    /// Deeper mappings are refused: no platform nests its payload so.
    private static let maxDepth = 32
    private static let instructions = [
        "$each", "$item", "$list", "$join", "$with", "$from", "$values", "$if", "$then", "$else",
    ]

    let problems: Problems
    /// The wire names that there are; `nil` where they depend on the topic.
    let wire: [WireName]?
    /// The constants of the subscription; `nil` in a profile, whose subscriptions each have their own.
    let variables: [Variable]?
    /// Judges a path of the data: why it can't be there, or `nil`.
    var pathProblem: ((_ path: [String]) -> String?)?
    /// The values that may stand at a path of the data; none where nobody knows.
    var expectedValues: (_ path: [String]) -> [ExpectedValue] = { _ in [] }
    /// The severity of a path that is not known: a host may emit more than the catalogue says.
    var unknownPath: Diagnostic.Severity = .error
    /// True when the values belong to an envelope around the payload.
    var allowsPayload = false

    init(problems: Problems, wire: [WireName]?, variables: [Variable]?) {
        self.problems = problems
        self.wire = wire
        self.variables = variables
    }

    /// A mapping, or `nil` with what is wrong reported.
    func load(_ node: ConfigNode) -> PayloadValue? { value(node, Scope()) }

    /// The surroundings of a value.
    private struct Scope {
        var depth = 0
        /// The place of the items of the list at hand in the data, as far as it is known; `nil` outside of `$each`.
        var item: ItemPath?

        var inner: Scope { Scope(depth: depth + 1, item: item) }
    }

    private enum ItemPath {
        /// The list's own path; its items are reached by a number.
        case data([String])
        case unknown
    }

    private func value(_ node: ConfigNode, _ scope: Scope) -> PayloadValue? {
        guard scope.depth < Self.maxDepth else {
            return fail(node.place, "a mapping nests at most \(Self.maxDepth) deep")
        }
        switch node.value {
        case .null: return .literal("null")
        case .scalar(let text, _): return scalar(text, node, scope)
        case .sequence(let items):
            guard !items.isEmpty else {
                return fail(
                    node.place,
                    "a list names places to look in: it needs at least one; an empty list is { $list: [] }"
                )
            }
            if items.allSatisfy(isConstant) {
                return fail(
                    node.place,
                    "a list names places to look in, such as $data.id; a list of constants is { $list: [a, b] }"
                )
            }
            for item in items.dropLast() where isConstant(item) {
                problems.error(item.place, "this constant is always found: what follows is never looked for")
            }
            return all(items, scope.inner).map { .firstOf($0) }
        case .mapping(let members):
            if members.contains(where: { $0.key.hasPrefix("$") && !$0.key.hasPrefix("$$") }) {
                return instruction(node, members, scope.inner)
            }
            return object(members, scope.inner)
        }
    }

    private func scalar(_ text: String, _ node: ConfigNode, _ scope: Scope) -> PayloadValue? {
        if text.hasPrefix("$$") { return .literal(JSON.string(String(text.dropFirst()))) }
        guard text.hasPrefix("$") else { return .literal(node.json) }
        let parts = text.split(separator: "|", omittingEmptySubsequences: false).map(Self.trimmed)
        guard let reference = reference(parts[0], node.place, scope) else { return nil }
        let conversions = parts.dropFirst().map { conversion($0, node.place, scope) }
        guard !conversions.contains(where: { $0 == nil }) else { return nil }
        let steps = conversions.compactMap { $0 }
        checkConstant(reference, steps, node.place)
        return .reference(reference, steps)
    }

    private func all(_ nodes: [ConfigNode], _ scope: Scope) -> [PayloadValue]? {
        let values = nodes.map { value($0, scope) }
        return values.contains { $0 == nil } ? nil : values.compactMap { $0 }
    }

    private func isConstant(_ node: ConfigNode) -> Bool {
        switch node.value {
        case .null: true
        case .scalar(let text, _): !text.hasPrefix("$") || text.hasPrefix("$$")
        case .sequence, .mapping: false
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0 == " " }
        return start.lastIndex { $0 != " " }.map { String(start[...$0]) } ?? ""
    }

    private func fail<Value>(_ place: SourcePlace, _ message: String) -> Value? {
        problems.error(place, message)
        return nil
    }
}

// MARK: References

extension PayloadLoader {
    private func reference(_ text: String, _ place: SourcePlace, _ scope: Scope) -> EnvelopeReference? {
        guard let reference = EnvelopeReference(dollar: text) else {
            return fail(place, EnvelopeReference.unknown(text))
        }
        switch reference {
        case .payload:
            if allowsPayload { break }
            return fail(place, "a mapping makes the payload, so it can't look into it; the event's own is $data")
        case .item(let path):
            guard let item = scope.item else { return fail(place, "$item stands within `$item` of `$each` alone") }
            if case .data(let list) = item { check(list + ["0"] + path, place) }
        case .data(let path): check(path, place)
        case .wire(let key):
            guard let wire, !wire.contains(where: { $0.key == key }) else { break }
            let names = wire.map(\.key)
            let near = Suggestion.nearest(to: key, in: names).map { "did you mean `\($0)`?" }
            let hint = near ?? (wire.isEmpty ? "it has none" : "it has \(Suggestion.list(names))")
            return fail(place, "the topic has no wire name `\(key)`; \(hint)")
        case .vars(let name):
            guard let variables, !variables.contains(where: { $0.name == name }) else { break }
            return fail(place, VariableRules.missing(name, variables))
        case .id, .topic, .tenant, .test, .occurredAt: break
        }
        return reference
    }

    private func check(_ path: [String], _ place: SourcePlace) {
        guard let problem = pathProblem?(path) else { return }
        problems.add(unknownPath, place, problem)
    }

    /// A conversion whose outcome is known beforehand must not fail.
    private func checkConstant(_ reference: EnvelopeReference, _ steps: [PayloadConversion], _ place: SourcePlace) {
        let text: String?
        switch reference {
        case .vars(let name): text = variables?.first { $0.name == name }?.value.jsonText
        case .wire(let key): text = wire?.first { $0.key == key }.map { JSON.string($0.value) }
        default: return
        }
        guard let text, let constant = try? JSON.parse(ByteString(text)) else { return }
        if let problem = PayloadConversion.problem(of: constant, steps) {
            problems.error(place, "this constant \(problem)")
        }
    }
}

// MARK: Conversions

extension PayloadLoader {
    private func conversion(_ text: String, _ place: SourcePlace, _ scope: Scope) -> PayloadConversion? {
        var name = text
        var argument: String?
        if text.hasSuffix(")"), let open = text.firstIndex(of: "(") {
            name = Self.trimmed(text[..<open])
            argument = Self.trimmed(text[text.index(after: open)...].dropLast())
        }
        switch name {
        case "decimal", "scale", "minorUnits", "majorUnits": return numeric(name, argument, place, scope)
        default: break
        }
        guard let conversion = PayloadConversion.named[name] else {
            let known = PayloadConversion.names
            let near = Suggestion.nearest(to: name, in: known)
            let hint = near.map { "did you mean `\($0)`?" } ?? "there are \(Suggestion.list(known))"
            return fail(place, "\(KeyText.named("unknown conversion", name)); \(hint)")
        }
        if argument != nil { return fail(place, "`\(name)` takes nothing in brackets") }
        return conversion
    }

    private func numeric(
        _ name: String,
        _ argument: String?,
        _ place: SourcePlace,
        _ scope: Scope
    ) -> PayloadConversion? {
        if let argument, argument.hasPrefix("$"), name.hasSuffix("Units") {
            return reference(argument, place, scope).map {
                name == "minorUnits" ? .minorUnits(.ofCode($0)) : .majorUnits(.ofCode($0))
            }
        }
        let number = argument.flatMap { Int($0) }
        switch (name, argument, number) {
        case ("minorUnits", nil, _): return .minorUnits(.fixed(2))
        case ("majorUnits", nil, _): return .majorUnits(.fixed(2))
        case ("minorUnits", _, .some(0...9)): return number.map { .minorUnits(.fixed($0)) }
        case ("majorUnits", _, .some(0...9)): return number.map { .majorUnits(.fixed($0)) }
        case ("decimal", _, .some(0...20)): return number.map { .decimal($0) }
        case ("scale", _, .some(-9...9)): return number.map { .scale($0) }
        case ("decimal", _, _): return fail(place, "`decimal` needs the number of decimals, 0 to 20: decimal(2)")
        case ("scale", _, _): return fail(place, "`scale` needs a power of ten, -9 to 9: scale(2)")
        default:
            return fail(
                place,
                "`\(name)` takes a number of decimals, 0 to 9, or where the currency's code stands: \(name)($data.currency)"
            )
        }
    }
}

extension PayloadConversion {
    /// The conversions that take nothing in brackets.
    static let named: [String: PayloadConversion] = {
        var named: [String: PayloadConversion] = [
            "text": .text, "number": .number, "integer": .integer, "round": .round, "boolean": .boolean,
            "yesNo": .yesNo,
            "bit": .bit, "lower": .lower, "upper": .upper, "trim": .trim, "firstName": .firstName,
            "lastName": .lastName, "fullName": .fullName, "first": .first, "last": .last, "count": .count,
            "wrap": .wrap,
            "join": .join, "localDate": .localDate, "localTime": .localTime, "fromUnixMs": .fromUnixMilliseconds,
        ]
        for (name, format) in EnvelopeReference.TimeFormat.named { named[name] = .time(format) }
        return named
    }()

    static let names = (named.keys + ["decimal", "scale", "minorUnits", "majorUnits"]).sorted()
}

// MARK: Objects and instructions

extension PayloadLoader {
    private func object(_ members: [ConfigNode.Member], _ scope: Scope) -> PayloadValue? {
        if let problem = SourceRules.problem(of: members) { return fail(members[0].place, problem) }
        var names: Set<String> = []
        var isWhole = true
        var loaded: [PayloadMember] = []
        for member in members {
            if member.key == "..." {
                guard let merge = merge(member, scope) else {
                    isWhole = false
                    continue
                }
                loaded.append(.merge(merge))
                continue
            }
            var name = member.key.hasPrefix("$$") ? String(member.key.dropFirst()) : member.key
            let isOptional = name.hasSuffix("?")
            if isOptional { name.removeLast() }
            if name.isEmpty { problems.error(member.place, "a member needs a name") }
            if !names.insert(name).inserted { problems.error(member.place, "the member stands here twice") }
            guard let value = value(member.value, scope) else {
                isWhole = false
                continue
            }
            loaded.append(.value(name: name, isOptional: isOptional, value))
        }
        return isWhole ? .object(loaded) : nil
    }

    private func merge(_ member: ConfigNode.Member, _ scope: Scope) -> EnvelopeReference? {
        guard case .scalar(let text, _) = member.value.value, text.hasPrefix("$"),
            let reference = reference(text, member.value.place, scope)
        else {
            return fail(
                member.value.place,
                "`...` takes the members of an object of the event: \"$data\" or \"$data.path\""
            )
        }
        switch reference {
        case .data, .item: return reference
        default:
            return fail(
                member.value.place,
                "`...` takes the members of an object of the event: \"$data\" or \"$data.path\""
            )
        }
    }

    private func instruction(_ node: ConfigNode, _ members: [ConfigNode.Member], _ scope: Scope) -> PayloadValue? {
        let known: [(key: String, others: [String])] = [
            ("$each", ["$item"]), ("$list", []), ("$join", ["$with"]), ("$from", ["$values"]),
            ("$if", ["$then", "$else"]),
        ]
        let given = known.filter { entry in members.contains { $0.key == entry.key } }
        guard let kind = given.first else {
            let member = members.first { $0.key.hasPrefix("$") } ?? members[0]
            let near = Suggestion.nearest(to: member.key, in: Self.instructions)
            let hint =
                near.map { "did you mean `\($0)`?" }
                ?? "there are $each, $list, $join, $from and $if; a member's name that begins with $ is written $$"
            return fail(member.place, "this is no instruction; \(hint)")
        }
        var isClean = true
        for member in members where member.key != kind.key && !kind.others.contains(member.key) {
            problems.error(member.place, "\(KeyText.named("the key", member.key)) does not go with `\(kind.key)`")
            isClean = false
        }
        let parts = Dictionary(members.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
        for key in kind.others where parts[key] == nil && key != "$with" && key != "$else" {
            problems.error(node.place, "`\(kind.key)` needs `\(key)` beside it")
            isClean = false
        }
        guard isClean, let subject = parts[kind.key] else { return nil }
        switch kind.key {
        case "$each": return each(subject, parts["$item"], scope)
        case "$list": return values(subject, "`$list`").flatMap { all($0, scope) }.map { .list($0) }
        case "$join": return join(subject, parts["$with"], scope)
        case "$from": return lookup(subject, parts["$values"], scope)
        default: return conditional(subject, parts, scope)
        }
    }

    private func values(_ node: ConfigNode, _ name: String) -> [ConfigNode]? {
        ValueReader(problems: problems).items(node, name)
    }

    private func each(_ list: ConfigNode, _ item: ConfigNode?, _ scope: Scope) -> PayloadValue? {
        var inner = scope
        inner.item = .unknown
        if case .scalar(let text, _) = list.value, let reference = EnvelopeReference(dollar: text) {
            switch (reference, scope.item) {
            case (.data(let path), _): inner.item = .data(path)
            case (.item(let path), .data(let outer)?): inner.item = .data(outer + ["0"] + path)
            default: break
            }
        }
        guard let item, let source = value(list, scope), let result = value(item, inner) else { return nil }
        return .each(source, item: result)
    }

    private func join(_ list: ConfigNode, _ separator: ConfigNode?, _ scope: Scope) -> PayloadValue? {
        guard let items = values(list, "`$join`"), let parts = all(items, scope) else { return nil }
        guard let separator else { return .join(parts, separator: " ") }
        return ValueReader(problems: problems).text(separator, "`$with`").map { .join(parts, separator: $0.value) }
    }

    private func lookup(_ source: ConfigNode, _ table: ConfigNode?, _ scope: Scope) -> PayloadValue? {
        guard let table, case .mapping(let members) = table.value, !members.isEmpty else {
            return fail(
                table?.place ?? source.place,
                "`$values` is a mapping of values to constants: { paid: Complete }"
            )
        }
        var cases: [PayloadCase] = []
        for member in members {
            guard case .scalar(let text, _) = member.value.value else {
                if case .null = member.value.value {
                    cases.append(PayloadCase(match: member.key, literal: "null"))
                } else {
                    problems.error(member.value.place, "a value of `$values` must be a text, number, boolean or null")
                }
                continue
            }
            let isEscaped = text.hasPrefix("$$")
            if text.hasPrefix("$"), !isEscaped {
                problems.error(member.value.place, "`$values` holds constants alone")
            }
            let literal = isEscaped ? JSON.string(String(text.dropFirst())) : member.value.json
            cases.append(PayloadCase(match: member.key, literal: literal))
        }
        guard let looked = value(source, scope) else { return nil }
        if case .reference(.data(let path), []) = looked {
            let check = FilterTypeCheck(problems: problems, values: expectedValues)
            for member in members { check.checkKey(member, of: path) }
        }
        return .lookup(looked, cases)
    }

    private func conditional(_ node: ConfigNode, _ parts: [String: ConfigNode], _ scope: Scope) -> PayloadValue? {
        guard case .mapping(let members) = node.value, !members.isEmpty,
            let filter = FilterLoader(problems: problems).load(node)
        else { return fail(node.place, "`$if` needs a filter: { data.order.currency: INR }") }
        for entry in filter.allEntries where entry.path.first == "data" {
            check(Array(entry.path.dropFirst()), node.place)
        }
        FilterTypeCheck(problems: problems) { path in
            path.first == "data" && path.count > 1 ? expectedValues(Array(path.dropFirst())) : []
        }
        .check(members)
        guard let then = parts["$then"].flatMap({ value($0, scope) }) else { return nil }
        guard let fallback = parts["$else"] else { return .conditional(filter, then: then, otherwise: nil) }
        return value(fallback, scope).map { .conditional(filter, then: then, otherwise: $0) }
    }
}

extension Filter {
    /// The entries at every level.
    var allEntries: [Entry] {
        entries + alternatives.flatMap { $0 }.flatMap(\.allEntries) + exclusions.flatMap(\.allEntries)
    }
}
