internal import WebhookCore

/// `profile.json` or `profile.yaml` → ``Profile``.
struct ProfileLoader {
    private static let keys = [
        "title", "notes", "contentTypes", "httpsOnly", "anyTopic", "successCodes", "delivery", "headers", "signature",
        "body", "template", "types", "topics",
    ]

    let problems: Problems
    /// The events that mappings start from.
    var canonical: CanonicalEvents = .unknown

    /// Loads a profile; `nil` with at least one problem reported, or where the folder holds no profile at all.
    func load(_ folder: ProfileFolder) -> Profile? {
        guard let (file, bytes) = document(folder) else { return nil }
        let root: ConfigNode
        do {
            root = try DocumentReader.read(bytes, file: file)
        } catch {
            problems.add(error.diagnostic)
            return nil
        }
        // A profile with problems is none, so they are told apart from those found elsewhere before.
        let own = Problems(for: problems.audience)
        let profile = ProfileLoader(problems: own, canonical: canonical).profile(root, in: folder)
        for diagnostic in own.sorted(mainFile: file) { problems.add(diagnostic) }
        return own.hasErrors ? nil : profile
    }

    private func document(_ folder: ProfileFolder) -> (file: String, bytes: ByteString)? {
        var found: [(file: String, bytes: ByteString)] = []
        for name in ["profile.json", "profile.yaml"] {
            let file = folder.prefix + name
            do {
                found.append((file, try folder.contents(name)))
            } catch {
                if error == .missing { continue }
                problems.add(Diagnostic(.error, file: file, message: "the profile \(error)"))
                return nil
            }
        }
        if found.count == 2 {
            let message = "there is a profile.json beside this file; keep one of the two"
            problems.add(Diagnostic(.error, file: found[1].file, message: message))
            return nil
        }
        return found.first
    }

    private func profile(_ root: ConfigNode, in folder: ProfileFolder) -> Profile? {
        guard let section = Section(root, "a profile", keys: Self.keys, problems: problems) else { return nil }
        for key in ["title", "contentTypes", "topics"] { section.require(key) }
        let contentTypes = contentTypes(section)
        let anyTopic = section.bool("anyTopic")?.value ?? false
        var policy = DeliveryPolicy()
        section.container("delivery").map { DeliveryOverrides($0, problems: problems) }?.apply(to: &policy)
        let signature = section.node("signature").flatMap(SignatureLoader(problems: problems).load)
        let loaded = ProfileBodyLoader(problems: problems, folder: folder).load(section, contentTypes: contentTypes)
        let envelope: [EnvelopeMember]? = if case .envelope(let members)? = loaded?.body { members } else { nil }
        let topicLoader = TopicLoader(
            problems: problems,
            anyTopic: anyTopic,
            envelope: envelope,
            fields: FieldLoader(typesOf: section, problems: problems),
            canonical: canonical
        )
        let topics = topicLoader.load(section)
        if let body = section.node("body") {
            EnvelopePathCheck(problems: problems, canonical: canonical).check(body, topics)
        }
        let headers = ProfileHeaderLoader(problems: problems).load(section, signature: signature, topics)
        guard let loaded else { return nil }
        return Profile(
            name: folder.name,
            title: section.text("title")?.value ?? folder.name,
            notes: section.text("notes")?.value,
            contentTypes: contentTypes,
            httpsOnly: section.bool("httpsOnly")?.value ?? false,
            anyTopic: anyTopic,
            successCodes: successCodes(section) ?? [200...299],
            policy: policy,
            headers: headers,
            signature: signature,
            body: loaded.body,
            isListBody: loaded.isList,
            topics: topics
        )
    }

    private func contentTypes(_ section: Section) -> [ContentType] {
        guard let items = section.items("contentTypes") else { return [] }
        var types: [ContentType] = []
        for item in items {
            guard let type = section.read.choice(item, "a content type", of: ContentType.self) else { continue }
            if types.contains(type.value) { problems.error(type.place, "this content type is listed twice") }
            types.append(type.value)
        }
        if items.isEmpty, let place = section.keyPlace("contentTypes") {
            problems.error(place, "`contentTypes` needs at least one")
        }
        return types
    }

    /// `2xx`, `204` or `200-299`.
    private func successCodes(_ section: Section) -> [ClosedRange<Int>]? {
        guard let items = section.items("successCodes") else { return nil }
        let name = "a success code"
        return items.compactMap { item in
            guard let text = section.read.text(item, name)?.value else { return nil }
            if text.utf8.count == 3, text.hasSuffix("xx"), let hundreds = Int(text.prefix(1)),
                (1...5).contains(hundreds)
            {
                return hundreds * 100...hundreds * 100 + 99
            }
            let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
            guard ends.count <= 2, let low = ends.first, let high = ends.last, 100 <= low, low <= high, high <= 599
            else {
                return section.read.fail(item, "\(name) must be such as 2xx, 204 or 200-299")
            }
            return low...high
        }
    }
}
