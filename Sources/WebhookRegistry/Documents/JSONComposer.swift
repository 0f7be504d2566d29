internal import WebhookCore

/// JSON → a tree with places.
enum JSONComposer {
    static func compose(_ document: ByteString, file: String) throws(DocumentError) -> ConfigNode {
        let value: JSONValue
        do {
            value = try JSON.parse(document, maxDepth: DocumentReader.maxDepth)
        } catch {
            throw DocumentError(
                SourcePlace(file: file, line: error.line, column: error.column),
                "this is not acceptable JSON: \(error.reason)"
            )
        }
        var cursor = PlaceCursor(document: document, file: file)
        return try node(value, &cursor)
    }

    private static func node(_ value: JSONValue, _ cursor: inout PlaceCursor) throws(DocumentError) -> ConfigNode {
        let place = cursor.place(at: value.range.lowerBound)
        switch value.kind {
        case .null: return ConfigNode(value: .null, place: place)
        case .bool(let flag): return ConfigNode(value: .scalar(flag ? "true" : "false", isPlain: true), place: place)
        case .number(let text): return ConfigNode(value: .scalar(text, isPlain: true), place: place)
        case .string(let text): return ConfigNode(value: .scalar(text, isPlain: false), place: place)
        case .array(let items):
            var nodes: [ConfigNode] = []
            for item in items { nodes.append(try node(item, &cursor)) }
            return ConfigNode(value: .sequence(nodes), place: place)
        case .object(let entries):
            var members: [ConfigNode.Member] = []
            for entry in entries {
                let keyPlace = cursor.place(at: entry.keyOffset)
                members.append(.init(key: entry.key, place: keyPlace, value: try node(entry.value, &cursor)))
            }
            try DocumentReader.checkUnique(members)
            return ConfigNode(value: .mapping(members), place: place)
        }
    }
}

/// Offsets → places, for offsets that only grow: one pass over the document.
private struct PlaceCursor {
    let document: ByteString
    let file: String
    var offset = 0
    var line = 1
    var column = 1

    mutating func place(at target: Int) -> SourcePlace {
        document.withUnsafeBytes { bytes in
            while offset < target {
                if bytes[offset] == UInt8(ascii: "\n") {
                    line += 1
                    column = 1
                } else if bytes[offset] & 0xC0 != 0x80 {
                    column += 1
                }
                offset += 1
            }
        }
        return SourcePlace(file: file, line: line, column: column)
    }
}
