internal import Yams

/// YAML → a tree with places. Yams' own messages quote the file, so none of them is ever passed on.
enum YAMLComposer {
    /// Composes the tree of a text.
    ///
    /// - Parameter aliasLimit: the bytes of text that all aliases together may stand for.
    static func compose(
        _ text: String,
        file: String,
        aliasLimit: Int = AliasGuard.limit
    ) throws(DocumentError) -> ConfigNode {
        try AliasGuard.check(text, file: file, limit: aliasLimit)
        let root: Node?
        do {
            // The basic resolver tries no patterns: types are told apart by the loaders. The encoding is given because
            // the default looks at the environment. A text kept inside the String value itself has no stable address
            // for the C parser, so there is padding of short ones.
            let padded = text.utf8.count < 16 ? text + "\n#" + String(repeating: " ", count: 16) : text
            root = try Parser(yaml: padded, resolver: .basic, encoding: .utf8).singleRoot()
        } catch {
            throw YAMLProblem.documentError(error, text: text, file: file)
        }
        guard let root else {
            throw DocumentError(SourcePlace(file: file, line: 1, column: 1), "the file is empty")
        }
        var converter = NodeConverter(file: file, budget: 100_000 + text.utf8.count)
        return try converter.convert(root, depth: 0)
    }
}

/// Yams' nodes → ours. An alias is the anchor's node once more, so that a small file can stand for billions: nodes are
/// counted.
private struct NodeConverter {
    let file: String
    /// The number of nodes that may still be visited. A document without aliases never has more nodes than bytes.
    var budget: Int

    mutating func convert(_ node: Node, depth: Int) throws(DocumentError) -> ConfigNode {
        let place = place(of: node)
        budget -= 1
        guard budget > 0 else { throw DocumentError(place, "the aliases of this file stand for too many values") }
        guard depth <= DocumentReader.maxDepth else {
            throw DocumentError(place, "nested deeper than \(DocumentReader.maxDepth) levels")
        }
        switch node {
        case .scalar(let scalar):
            return ConfigNode(value: try value(of: scalar, at: place), place: place)
        case .sequence(let sequence):
            try checkTag(sequence.tag.rawValue, allowed: ["tag:yaml.org,2002:seq"], at: place)
            var items: [ConfigNode] = []
            for item in sequence { items.append(try convert(item, depth: depth + 1)) }
            return ConfigNode(value: .sequence(items), place: place)
        case .mapping(let mapping):
            try checkTag(mapping.tag.rawValue, allowed: ["tag:yaml.org,2002:map"], at: place)
            var members: [ConfigNode.Member] = []
            for (key, value) in mapping {
                guard case .scalar(let name) = key else {
                    throw DocumentError(self.place(of: key), "a key must be a text")
                }
                let member = ConfigNode.Member(
                    key: name.string,
                    place: self.place(of: key),
                    value: try convert(value, depth: depth + 1)
                )
                members.append(member)
            }
            try DocumentReader.checkUnique(members)
            return ConfigNode(value: .mapping(members), place: place)
        case .alias:
            // The parser puts the anchor's node in its place; only an emitter's tree holds these.
            throw DocumentError(place, "an alias without an anchor")
        }
    }

    private func value(of scalar: Node.Scalar, at place: SourcePlace) throws(DocumentError) -> ConfigNode.Value {
        let tag = scalar.tag.rawValue
        switch tag {
        case "" where scalar.style == .plain:
            return scalar.string.isEmpty ? .null : .scalar(scalar.string, isPlain: true)
        case "", "!", "tag:yaml.org,2002:str":
            return .scalar(scalar.string, isPlain: false)
        default:
            let types = ["int", "float", "bool", "null"].map { "tag:yaml.org,2002:\($0)" }
            try checkTag(tag, allowed: types, at: place)
            return .scalar(scalar.string, isPlain: true)
        }
    }

    private func checkTag(_ tag: String, allowed: [String], at place: SourcePlace) throws(DocumentError) {
        guard tag.isEmpty || tag == "!" || allowed.contains(tag) else {
            throw DocumentError(place, "a tag (!…) has no meaning here; quote a text that begins with !")
        }
    }

    private func place(of node: Node) -> SourcePlace {
        SourcePlace(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
    }
}

/// Refuses what only an alias bomb has before the YAML parser sees it.
///
/// The parser compares a mapping's keys as whole trees, so a bomb used as a key would keep it busy for ever. What an
/// alias stands for is no larger than the text between its anchor and its first use, with the aliases therein
/// counted at their size; that is an upper bound, far above what any honest file reaches.
enum AliasGuard {
    /// The bytes of text that all aliases together may stand for.
    static let limit = 1 << 28

    static func check(_ text: String, file: String, limit: Int = limit) throws(DocumentError) {
        guard text.utf8.contains(UInt8(ascii: "*")), text.utf8.contains(UInt8(ascii: "&")) else { return }
        let bytes = Array(text.utf8)
        var open: [ArraySlice<UInt8>: (offset: Int, total: Int)] = [:]
        var sizes: [ArraySlice<UInt8>: Int] = [:]
        var total = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            guard byte == UInt8(ascii: "*") || byte == UInt8(ascii: "&") else { continue }
            let start = index
            while index < bytes.count, isNameByte(bytes[index]) { index += 1 }
            let name = bytes[start..<index]
            guard !name.isEmpty else { continue }
            if byte == UInt8(ascii: "&") {
                open[name] = (start, total)
                sizes[name] = nil
            } else if let size = sizes[name] {
                total += size
            } else if let anchor = open[name] {
                let size = start - anchor.offset + total - anchor.total
                sizes[name] = size
                total += size
            }
            guard total <= limit else {
                let place = place(of: start, in: bytes)
                throw DocumentError(
                    SourcePlace(file: file, line: place.line, column: place.column),
                    "the aliases of this file stand for too many values"
                )
            }
        }
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    private static func place(of offset: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
        let before = bytes[..<max(0, offset - 1)]
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        return (before.count { $0 == UInt8(ascii: "\n") } + 1, before[lineStart...].count { $0 & 0xC0 != 0x80 } + 1)
    }
}
