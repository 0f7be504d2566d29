internal import WebhookCore

/// `headers:` → configured headers, in order. Whether they collide with the profile's is judged per subscription.
struct HeaderLoader {
    let context: LoadContext

    /// The headers with the places of their names.
    func load(_ section: Section) -> [Located<ConfiguredHeader>] {
        guard let node = section.container("headers") else { return [] }
        guard case .mapping(let members) = node.value else {
            if case .null = node.value { return [] }
            return section.read.fail(node, "`headers` must be a mapping of names to values") ?? []
        }
        var names: [String: SourcePlace] = [:]
        var headers: [Located<ConfiguredHeader>] = []
        for member in members {
            guard check(member, against: &names) else { continue }
            let value = SourceReader(context: context).text(member.value, "the header \(member.key)")
            guard let value else { continue }
            if let problem = HeaderRules.problem(ofValue: value.value.value, named: "the header \(member.key)") {
                context.problems.error(value.place, problem)
                continue
            }
            let text = value.value.value
            let header = ConfiguredHeader(
                name: member.key,
                value: value.value.isExternal ? .secret(Secret(text)) : .plain(text)
            )
            headers.append(Located(value: header, place: member.place))
        }
        return headers
    }

    private func check(_ member: ConfigNode.Member, against names: inout [String: SourcePlace]) -> Bool {
        if let problem = HeaderRules.problem(ofName: member.key) {
            context.problems.error(member.place, problem)
            return false
        }
        let name = member.key.lowercased()
        if let first = names.updateValue(member.place, forKey: name) {
            context.problems.error(member.place, "the header \(member.key) stands here twice; see line \(first.line)")
            return false
        }
        return true
    }
}
