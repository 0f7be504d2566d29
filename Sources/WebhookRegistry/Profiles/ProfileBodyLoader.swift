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
