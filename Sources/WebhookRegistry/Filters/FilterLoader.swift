internal import WebhookCore

/// `filter:` → ``Filter``.
struct FilterLoader {
    static let operators = [
        "eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "exists", "startsWith", "endsWith", "contains", "any", "not",
    ]

    let problems: Problems
    let limits: FilterLimits
    private var read: ValueReader { ValueReader(problems: problems) }

    init(problems: Problems, limits: FilterLimits = .trusted) {
        (self.problems, self.limits) = (problems, limits)
    }

    func load(_ node: ConfigNode) -> Filter? {
        switch node.value {
        case .null: return Filter(entries: [])
        case .mapping(let members):
            let filter = filter(members)
            if let problem = limits.problem(filter.size) { problems.error(node.place, problem) }
            return filter
        case .scalar, .sequence: return read.fail(node, "`filter` must be a mapping of paths to conditions")
        }
    }

    private func filter(_ members: [ConfigNode.Member]) -> Filter {
        var filter = Filter(entries: [])
        for member in members {
            switch member.key {
            case "any":
                guard let items = read.items(member.value, "`any`") else { continue }
                if items.isEmpty { problems.error(member.value.place, "`any` needs at least one condition") }
                filter.alternatives.append(items.compactMap { part($0, of: "any") })
            case "not":
                if let part = part(member.value, of: "not") { filter.exclusions.append(part) }
            default:
                if let entry = entry(member) { filter.entries.append(entry) }
            }
        }
        return filter
    }

    /// A filter within `any:` or `not:` that stands beside the paths.
    private func part(_ node: ConfigNode, of name: String) -> Filter? {
        guard case .mapping(let members) = node.value, !members.isEmpty else {
            return read.fail(node, "`\(name)` here takes paths with conditions: { data.course.id: 101 }")
        }
        return filter(members)
    }

    private func entry(_ member: ConfigNode.Member) -> Filter.Entry? {
        let path = member.key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard !path.contains(""), path[0] == "data" || path.count == 1 && isFact(path[0]) else {
            problems.error(member.place, Self.refusal(of: member.key, path))
            return nil
        }
        return condition(member.value).map { Filter.Entry(path: path, condition: $0) }
    }

    private static let facts = ["topic", "tenant", "id", "test"]

    private func isFact(_ name: String) -> Bool { Self.facts.contains(name) }

    /// The reason why a key is no path, with the one that may have been meant.
    private static func refusal(of key: String, _ path: [String]) -> String {
        if operators.contains(key) { return "`\(key)` belongs under a path: data.total: { \(key): … }" }
        let rule = "a path begins with data., or is `topic`, `tenant`, `id` or `test`"
        let names = path.count > 1 ? ["data"] : facts + ["any", "not"]
        guard path.allSatisfy(KeyText.isPlain), let near = Suggestion.nearest(to: path[0], in: names) else {
            return "\(rule): data.course.id"
        }
        return "\(rule); did you mean `\(([near] + path.dropFirst()).joined(separator: "."))`?"
    }

    private func condition(_ node: ConfigNode) -> Filter.Condition? {
        switch node.value {
        case .scalar, .null: return operand(node).map { .equals($0) }
        case .sequence: return read.fail(node, "a condition cannot be a list; write { in: [one, two] }")
        case .mapping(let members):
            guard !members.isEmpty else { return read.fail(node, "a condition needs an operator: \(operatorList)") }
            let conditions = members.map(operation)
            guard !conditions.contains(where: { $0 == nil }) else { return nil }
            return conditions.count == 1 ? conditions[0] : .all(conditions.compactMap { $0 })
        }
    }

    private func operation(_ member: ConfigNode.Member) -> Filter.Condition? {
        let node = member.value
        let name = "`\(member.key)`"
        switch member.key {
        case "eq": return operand(node).map { .equals($0) }
        case "ne": return operand(node).map { .notEquals($0) }
        case "in": return operands(node, name).map { .isIn($0) }
        case "nin": return operands(node, name).map { .isNotIn($0) }
        case "gt": return bound(node, name).map { .greater($0) }
        case "gte": return bound(node, name).map { .greaterOrEqual($0) }
        case "lt": return bound(node, name).map { .less($0) }
        case "lte": return bound(node, name).map { .lessOrEqual($0) }
        case "exists": return read.bool(node, name).map { .exists($0.value) }
        case "startsWith": return read.text(node, name).map { .startsWith($0.value) }
        case "endsWith": return read.text(node, name).map { .endsWith($0.value) }
        case "contains": return operand(node).map { .contains($0) }
        case "not": return condition(node).map { .not($0) }
        case "any": return alternatives(node)
        default:
            let near = Suggestion.nearest(to: member.key, in: Self.operators)
            let hint = near.map { "did you mean `\($0)`?" } ?? "it may be \(operatorList)"
            problems.error(member.place, "\(KeyText.named("unknown operator", member.key)); \(hint)")
            return nil
        }
    }

    private var operatorList: String { Suggestion.list(Self.operators) }

    private func alternatives(_ node: ConfigNode) -> Filter.Condition? {
        guard let items = read.items(node, "`any`") else { return nil }
        guard !items.isEmpty else { return read.fail(node, "`any` needs at least one condition") }
        let conditions = items.map(condition)
        return conditions.contains { $0 == nil } ? nil : .any(conditions.compactMap { $0 })
    }

    private func operands(_ node: ConfigNode, _ name: String) -> [Filter.Operand]? {
        guard let items = read.items(node, name) else { return nil }
        guard !items.isEmpty else { return read.fail(node, "\(name) needs at least one value") }
        let operands = items.map(operand)
        return operands.contains { $0 == nil } ? nil : operands.compactMap { $0 }
    }

    /// Something that has an order.
    private func bound(_ node: ConfigNode, _ name: String) -> Filter.Operand? {
        guard let operand = operand(node) else { return nil }
        switch operand {
        case .number, .text: return operand
        case .null, .bool: return read.fail(node, "\(name) needs a number or a text")
        }
    }

    /// Quoted scalars are texts; plain ones are what JSON would take them for, else texts.
    func operand(_ node: ConfigNode) -> Filter.Operand? {
        if node.isNull { return .null }
        if let flag = node.bool { return .bool(flag) }
        if let number = node.number {
            guard let decimal = ExactDecimal(number) else {
                return read.fail(node, "the number's exponent is too large")
            }
            return .number(decimal)
        }
        guard case .scalar(let text, _) = node.value else {
            return read.fail(node, "a condition compares with a single value: a text, a number, true, false or null")
        }
        return .text(text)
    }
}
