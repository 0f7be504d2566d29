internal import WebhookCore

/// `body:` or `template:` of a profile.
struct ProfileBodyLoader {
    let problems: Problems
    let folder: ProfileFolder

    func load(_ section: Section, contentTypes: [ContentType]) -> ProfileBody? {
        switch (section.container("body"), section.node("template")) {
        case (nil, nil):
            if section.keyPlace("template") == nil { section.require("body", "or `template`, a Mustache file") }
            return nil
        case (.some, .some):
            problems.error(section.keyPlace("template") ?? section.place, "`body` and `template` exclude each other")
            return nil
        case (let body?, nil):
            return EnvelopeLoader(problems: problems).load(body).map { .envelope($0) }
        case (nil, let template?):
            return .templates(templates(template, section.read, contentTypes))
        }
    }

    private func templates(
        _ node: ConfigNode,
        _ read: ValueReader,
        _ contentTypes: [ContentType]
    ) -> [ContentType: BodyTemplate] {
        var templates: [ContentType: BodyTemplate] = [:]
        if case .mapping(let members) = node.value {
            for member in members {
                guard let type = ContentType(rawValue: member.key) else {
                    let known = Suggestion.list(ContentType.allCases.map(\.rawValue))
                    problems.error(member.place, "the key must be a content type: \(known)")
                    continue
                }
                guard let template = template(member.value, read) else { continue }
                if template.contentType != type {
                    problems.error(member.value.place, "the file's name says \(template.contentType.rawValue)")
                }
                templates[type] = template
            }
        } else if let template = template(node, read) {
            templates[template.contentType] = template
        } else {
            return [:]
        }
        for type in contentTypes where templates[type] == nil {
            problems.error(node.place, "`template` has no file for \(type.rawValue), which `contentTypes` offers")
        }
        return templates
    }

    private func template(_ node: ConfigNode, _ read: ValueReader) -> BodyTemplate? {
        guard let name = read.text(node, "`template`") else { return nil }
        guard !name.value.utf8.contains(UInt8(ascii: "/")), HeaderRules.isValue(name.value),
            let contentType = BodyTemplateFile.contentType(of: name.value)
        else {
            return read.fail(node, "`template` must be a file beside the profile: \(BodyTemplateFile.names)")
        }
        do {
            guard let source = try folder.contents(name.value).validatedText else {
                return read.fail(node, "the file \(name.value) is not UTF-8 text")
            }
            return BodyTemplate(name: folder.prefix + name.value, contentType: contentType, source: source)
        } catch {
            return read.fail(node, "the file \(name.value) \(error)")
        }
    }
}

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
