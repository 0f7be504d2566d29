internal import WebhookCore

/// Reports sources of values, `{ env: NAME }` and `{ file: PATH }`, that lead nowhere. Reads none of them.
struct SourcePresence {
    let context: LoadContext

    func check(_ node: ConfigNode) {
        switch node.value {
        case .mapping(let members):
            if members.count == 1, let member = members.first, case .scalar(let text, _) = member.value.value {
                check(text, member)
            }
            // Neither a filter's paths nor the names of headers are keys of ours.
            for member in members where member.key != "filter" {
                if member.key == "headers", case .mapping(let headers) = member.value.value {
                    for header in headers { check(header.value) }
                } else {
                    check(member.value)
                }
            }
        case .sequence(let items):
            for item in items { check(item) }
        case .scalar, .null:
            break
        }
    }

    private func check(_ text: String, _ member: ConfigNode.Member) {
        let place = member.value.place
        switch member.key {
        case "env":
            guard context.environment[text] == nil, SourceReader.isVariableName(text) else { return }
            context.problems.error(place, "the environment variable \(text) is not set")
        case "file":
            guard !text.isEmpty, HeaderRules.isValue(text) else { return }
            let path = LoadContext.resolve(text, from: place.file)
            if let problem = context.problem(with: path) {
                context.problems.error(place, "the file \(text) \(problem)")
            }
        default: break
        }
    }
}
