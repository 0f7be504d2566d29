internal import WebhookCore

/// `headers:` of a profile, in order. The values are templates, compiled by the renderer.
struct ProfileHeaderLoader {
    let problems: Problems

    func load(_ section: Section, signature: SignatureScheme?) -> [HeaderTemplate] {
        guard let node = section.container("headers") else { return [] }
        guard case .mapping(let members) = node.value else {
            if case .null = node.value { return [] }
            return section.read.fail(node, "`headers` must be a mapping of names to values") ?? []
        }
        var taken = ProfileHeaders.signatureNames(signature)
        return members.compactMap { member in
            let name = member.key.lowercased()
            if !HeaderRules.isName(member.key) {
                problems.error(member.place, "this is not a header's name (RFC 9110)")
            } else if HeaderRules.reserved.contains(name) {
                problems.error(member.place, "the header \(member.key) is set by HTTP itself")
            } else if !taken.insert(name).inserted {
                problems.error(member.place, "the header \(member.key) is set twice, or by the signature")
            }
            guard let value = section.read.text(member.value, "a header's value") else { return nil }
            if !HeaderRules.isValue(value.value) {
                problems.error(value.place, SourceReader.controlCharacters("the value"))
            }
            return HeaderTemplate(name: member.key, template: value.value)
        }
    }
}

/// The headers that a profile sets.
enum ProfileHeaders {
    /// In lower case.
    static func names(_ profile: Profile) -> Set<String> {
        signatureNames(profile.signature).union(profile.headers.map { $0.name.lowercased() })
    }

    static func signatureNames(_ signature: SignatureScheme?) -> Set<String> {
        guard let signature else { return [] }
        guard signature.kind == .standardWebhooks else { return [signature.header.lowercased()] }
        return ["webhook-id", "webhook-timestamp", "webhook-signature"]
    }
}
