internal import WebhookCore

/// A draft → the tree that an entry of a file would be, so that the same code reads both.
///
/// A node's line is the number of its key in ``keys``. Texts for which a file names other files are files of the tree alone:
/// nothing of a draft leads to the disk or to the environment.
struct DraftComposer {
    /// The file of every node.
    static let file = "subscription"
    /// The depth to which a draft may nest, as a document.
    private static let maxDepth = DocumentReader.maxDepth
    /// The most bytes of a draft, as JSON: it is judged in memory, and anybody may have written it.
    private static let maxSize = 4 << 20

    /// The path of each key; a node's line is its position here, from 1.
    private(set) var keys: [String] = []
    /// Texts by the names of their files.
    private(set) var texts: [String: ByteString] = [:]
    /// The paths of the keys that hold them.
    private(set) var keysOfTexts: [String: String] = [:]
    /// Problems of the draft's own form.
    private(set) var problems: [(place: SourcePlace, message: String)] = []
    private let contentType: ContentType?

    private init(_ draft: SubscriptionDraft) {
        contentType = draft.contentType.map { ContentType(rawValue: $0) } ?? .json
    }

    /// The entry of a draft, and the composer that knows its keys.
    static func compose(_ draft: SubscriptionDraft) -> (entry: ConfigNode, composer: DraftComposer) {
        var composer = DraftComposer(draft)
        let place = composer.place("")
        let json = draft.json
        guard json.raw.count <= maxSize else {
            composer.problems.append((place, "the subscription is larger than 4 MiB"))
            return (ConfigNode(value: .mapping([]), place: place), composer)
        }
        let members = (json.object ?? []).map { member in
            let keyPlace = composer.place(member.key)
            return ConfigNode.Member(key: member.key, place: keyPlace, value: composer.part(member))
        }
        return (ConfigNode(value: .mapping(members), place: place), composer)
    }

    /// The key of a node.
    func key(atLine line: Int) -> String? { keys.indices.contains(line - 1) ? keys[line - 1] : nil }

    private mutating func place(_ key: String) -> SourcePlace {
        keys.append(key)
        return SourcePlace(file: Self.file, line: keys.count, column: 1)
    }

    private mutating func part(_ member: JSONValue.Member) -> ConfigNode {
        let (key, value) = (member.key, member.value)
        switch (key, value.kind) {
        case ("url", .object(let members)): return secret(members, key)
        case ("headers", .object(let members)):
            return mapping(members, key) { composer, member, key in
                if case .object(let members) = member.value.kind { return composer.secret(members, key) }
                return composer.node(member.value, key)
            }
        case ("body", .string(let text)): return body(text, key)
        case ("body", .object(let members)):
            return mapping(members, key) { composer, member, key in
                if case .string(let text) = member.value.kind { return composer.body(text, key) }
                return composer.node(member.value, key)
            }
        case ("tls", .object(let members)):
            return mapping(members, key) { composer, member, key in
                guard member.key != "key", case .string(let text) = member.value.kind else {
                    return composer.node(member.value, key)
                }
                return composer.text(text, named: "\(member.key).pem", key)
            }
        default: return node(value, key)
        }
    }

    /// A text that is not to be shown.
    private mutating func secret(_ members: [JSONValue.Member], _ key: String) -> ConfigNode {
        var node = node(members.first?.value ?? JSONValue(.null), key)
        node.isSecret = true
        return node
    }

    private mutating func body(_ text: String, _ key: String) -> ConfigNode {
        // Of a type that is none the reader says so.
        let type =
            switch contentType {
            case .xml: "xml"
            case .form: "form"
            case .json, nil: "json"
            }
        return self.text(text, named: "body\(texts.isEmpty ? "" : String(texts.count)).\(type).mustache", key)
    }

    /// A text, in a file of the tree.
    private mutating func text(_ text: String, named name: String, _ key: String) -> ConfigNode {
        texts[name] = ByteString(text)
        keysOfTexts[name] = key
        return ConfigNode(value: .scalar(name, isPlain: false), place: place(key))
    }

    private mutating func mapping(
        _ members: [JSONValue.Member],
        _ key: String,
        _ value: (inout DraftComposer, JSONValue.Member, _ key: String) -> ConfigNode
    ) -> ConfigNode {
        let place = place(key)
        var seen: Set<ByteString> = []
        let composed = members.map { member in
            let path = "\(key).\(ShownKey.text(member.key))"
            let keyPlace = self.place(path)
            // Two headers of one name have a rule of their own.
            if !seen.insert(ByteString(member.key)).inserted, key != "headers" {
                problems.append((keyPlace, "the key stands here a second time"))
            }
            return ConfigNode.Member(key: member.key, place: keyPlace, value: value(&self, member, path))
        }
        return ConfigNode(value: .mapping(composed), place: place)
    }

    private mutating func node(_ value: JSONValue, _ key: String, depth: Int = 0) -> ConfigNode {
        switch value.kind {
        case .null: return ConfigNode(value: .null, place: place(key))
        case .bool(let flag):
            return ConfigNode(value: .scalar(flag ? "true" : "false", isPlain: true), place: place(key))
        case .number(let text): return ConfigNode(value: .scalar(text, isPlain: true), place: place(key))
        case .string(let text): return ConfigNode(value: .scalar(text, isPlain: false), place: place(key))
        case .array, .object: break
        }
        guard depth < Self.maxDepth else {
            let place = place(key)
            problems.append((place, "this is nested more than \(Self.maxDepth) deep"))
            return ConfigNode(value: .null, place: place)
        }
        if case .object(let members) = value.kind {
            return mapping(members, key) { composer, member, key in
                composer.node(member.value, key, depth: depth + 1)
            }
        }
        let place = place(key)
        let items = (value.array ?? []).enumerated().map { node($1, "\(key).\($0)", depth: depth + 1) }
        return ConfigNode(value: .sequence(items), place: place)
    }
}

/// The texts of a draft as files, and no others.
struct DraftFiles: ConfigurationFiles {
    let texts: [String: ByteString]

    func contents(of path: String, limit: Int) throws(FileProblem) -> ByteString {
        guard let text = texts[path] else { throw .missing }
        guard text.count <= limit else { throw FileProblem("is larger than \(limit) bytes") }
        return text
    }

    func folders(in path: String) throws(FileProblem) -> [String] { throw .missing }
}
