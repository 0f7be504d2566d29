internal import WebhookCore

/// Finds `store` in a configuration that can't be read as a whole.
enum StoreKeySearch {
    /// A document that has `store` alone, where it stood; `nil` where it isn't there, or twice.
    static func document(in bytes: ByteString, isJSON: Bool) -> ByteString? {
        isJSON ? member(of: bytes.bytes) : block(of: bytes.bytes)
    }

    /// A block of YAML: the line that begins with the key, and those that are indented under it.
    private static func block(of bytes: [UInt8]) -> ByteString? {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let starts = lines.indices.filter { lines[$0].starts(with: "store:".utf8) }
        guard starts.count == 1, let start = starts.first else { return nil }
        let more = lines[(start + 1)...].prefix { $0.first == UInt8(ascii: " ") }
        // Empty lines before it keep the numbers in messages right.
        let padding = [UInt8](repeating: UInt8(ascii: "\n"), count: start)
        return ByteString(padding + Array(lines[start..<more.endIndex].joined(separator: [UInt8(ascii: "\n")])))
    }

    /// A member of JSON's outermost object.
    private static func member(of bytes: [UInt8]) -> ByteString? {
        let key = Array(#""store""#.utf8)
        var depth = 0
        var found: [Int] = []
        var index = 0
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: "\""):
                let end = end(ofStringAt: index, in: bytes)
                if depth == 1, bytes[index..<end].elementsEqual(key) { found.append(index) }
                index = end - 1
            default: break
            }
            index += 1
        }
        guard found.count == 1, let start = found.first, let end = end(ofValueAfter: start + key.count, in: bytes)
        else { return nil }
        return ByteString(Array("{".utf8) + bytes[start..<end] + Array("}".utf8))
    }

    /// The end of a text or of an object, objects in it included.
    private static func end(ofValueAfter start: Int, in bytes: [UInt8]) -> Int? {
        let open = bytes[start...].firstIndex { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "{") }
        guard let open else { return nil }
        var depth = 0
        var index = open
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""): index = end(ofStringAt: index, in: bytes) - 1
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth -= 1
            default: break
            }
            index += 1
            if depth == 0 { return index }
        }
        return nil
    }

    /// Behind the closing quote.
    private static func end(ofStringAt start: Int, in bytes: [UInt8]) -> Int {
        var index = start + 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
            index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return min(index + 1, bytes.count)
    }
}

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
