internal import WebhookCore

/// `body:` or `template:` of a profile.
struct ProfileBodyLoader {
    let problems: Problems
    let folder: ProfileFolder

    /// The body, and whether it is a list that holds the one envelope.
    func load(_ section: Section, contentTypes: [ContentType]) -> (body: ProfileBody, isList: Bool)? {
        switch (section.container("body"), section.node("template")) {
        case (nil, nil):
            if section.keyPlace("template") == nil { section.require("body", "or `template`, a Mustache file") }
            return nil
        case (.some, .some):
            problems.error(section.keyPlace("template") ?? section.place, "`body` and `template` exclude each other")
            return nil
        case (let body?, nil):
            if case .scalar(let text, _) = body.value { return whole(text, body, contentTypes).map { ($0, false) } }
            guard let envelope = EnvelopeLoader(problems: problems).load(body) else { return nil }
            if envelope.isList, contentTypes.contains(where: { $0 != .json }) {
                problems.error(body.place, "a list as `body` is for application/json alone")
            }
            return (.envelope(envelope.members), envelope.isList)
        case (nil, let template?):
            return (.templates(templates(template, section.read, contentTypes)), false)
        }
    }

    /// A body that is the event's data, or the payload, and nothing around it.
    private func whole(_ text: String, _ body: ConfigNode, _ contentTypes: [ContentType]) -> ProfileBody? {
        guard let reference = EnvelopeReference(dollar: text),
            [.data(path: []), .payload(path: [])].contains(reference)
        else {
            problems.error(
                body.place,
                "`body` must be a mapping with at least one member, or $data or $payload as a whole"
            )
            return nil
        }
        if contentTypes.contains(where: { $0 != .json }) {
            problems.error(body.place, "\(text) as the whole `body` is for application/json alone")
        }
        return .whole(reference)
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

    func load(_ section: Section, signature: SignatureScheme?, _ topics: [ProfileTopic]) -> [HeaderTemplate] {
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
            checkNames(value, topics)
            return HeaderTemplate(name: member.key, template: value.value)
        }
    }
}

extension ProfileHeaderLoader {
    private static let names = [
        "id", "topic", "tenant", "deliveryId", "attempt", "timestamp", "test", "wire", "vars",
    ]

    /// A name that is not in scope would send an empty header, or none at all.
    private func checkNames(_ value: Located<String>, _ topics: [ProfileTopic]) {
        for name in MustacheNames.names(in: value.value) {
            let path = name.split(separator: ".").map(String.init)
            guard let first = path.first else { continue }
            if !Self.names.contains(first) {
                let near = Suggestion.nearest(to: first, in: Self.names)
                let hint = near.map { "did you mean `\($0)`?" } ?? "there are \(Suggestion.list(Self.names))"
                problems.error(value.place, "\(KeyText.named("a header has no name", first)); \(hint)")
            } else if first == "wire", path.count != 2 || !topics.contains(where: { $0.wireName(path[1]) != nil }) {
                problems.error(value.place, "no topic has this wire name: write {{wire.KEY}} with a key of `wire`")
            }
        }
    }
}

/// The names in a Mustache text, as far as a glance tells; the renderer's parser judges the rest.
enum MustacheNames {
    static func names(in text: String) -> [String] {
        var names: [String] = []
        for part in text.split(separator: "{{", omittingEmptySubsequences: false).dropFirst() {
            let isPlain = part.first.map { !"!/>=<$%".contains($0) } ?? false
            guard isPlain, let end = part.firstRange(of: "}}") else { continue }
            let name = part[..<end.lowerBound].drop { "{&#^ ".contains($0) }
            let trimmed = name.prefix { $0 != " " }
            if !trimmed.isEmpty, trimmed != "." { names.append(String(trimmed.drop { $0 == "." })) }
        }
        return names
    }
}

/// The headers that a profile sets.
enum ProfileHeaders {
    /// In lower case.
    static func names(_ profile: Profile) -> Set<String> {
        signatureNames(profile.signature).union(profile.headers.map { $0.name.lowercased() })
    }

    static func signatureNames(_ signature: SignatureScheme?) -> Set<String> {
        Set(signature?.headerNames.map { $0.lowercased() } ?? [])
    }
}
