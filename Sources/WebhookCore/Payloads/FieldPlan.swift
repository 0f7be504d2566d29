/// A topic's fields prepared for one walk over a document's bytes, without a value being built.
///
/// Most payloads fit, and to say so needs no more. What the walk can't tell is left to ``FieldChecker``, which also says what
/// doesn't fit.
package final class FieldPlan: Sendable {
    fileprivate indirect enum Shape: Sendable {
        case any
        case text
        case oneOf([[UInt8]])
        case whole
        case number
        case boolean(Bool?)
        case object(Members)
        case map(Shape)
        case list(Shape)
        case union([Shape])
        /// The walk can't tell.
        case unclear
    }

    /// The members of an object, as many as fit into a word.
    fileprivate final class Members: Sendable {
        static let most = 64

        let names: [[UInt8]]
        let shapes: [Shape]
        /// The members that must be there, one bit each.
        let required: UInt64
        /// The members that may be null.
        let nullable: UInt64

        init(_ fields: [ProfileField]) {
            names = fields.map { Array($0.name.utf8) }
            shapes = fields.map { Shape($0.type) }
            required = Self.bits(of: fields) { !$0.isOptional }
            nullable = Self.bits(of: fields) { $0.isNullable || $0.type == .any }
        }

        private static func bits(of fields: [ProfileField], where holds: (ProfileField) -> Bool) -> UInt64 {
            fields.enumerated().reduce(0) { $0 | (holds($1.element) ? 1 << UInt64($1.offset) : 0) }
        }

        /// The position of a name; most documents have the fields' order.
        func position(of name: UnsafeRawBufferPointer, from start: Int) -> Int? {
            for index in start..<names.count where name.isEqual(to: names[index]) { return index }
            for index in 0..<min(start, names.count) where name.isEqual(to: names[index]) { return index }
            return nil
        }
    }

    private let root: Shape

    package init(_ fields: [ProfileField]) {
        root = Shape(.object(fields))
    }

    /// Tells whether a document certainly is an object with these fields. `false` says nothing.
    package func fits(_ document: ByteString) -> Bool {
        document.withUnsafeBytes { bytes in
            var walker = FieldWalker(scanner: JSONScanner(bytes, maxDepth: JSON.maxDepth))
            return (try? walker.document(root)) ?? false
        }
    }
}

extension FieldPlan.Shape {
    fileprivate init(_ type: FieldType) {
        switch type {
        case .any: self = .any
        case .string(_, _, let constant?): self = .oneOf([Array(constant.utf8)])
        case .string(_, let values, nil): self = values.isEmpty ? .text : .oneOf(values.map { Array($0.utf8) })
        case .integer: self = .whole
        case .number: self = .number
        case .boolean(let constant): self = .boolean(constant)
        case .object(let fields):
            self = fields.count > FieldPlan.Members.most ? .unclear : .object(FieldPlan.Members(fields))
        case .map(let type): self = .map(Self(type))
        case .array(let type): self = .list(Self(type))
        case .union(let types): self = .union(types.map { Self($0) })
        }
    }
}

/// Walks over a document beside its fields. Recursion is bounded by the scanner's depth.
private struct FieldWalker {
    var scanner: JSONScanner

    mutating func document(_ root: FieldPlan.Shape) throws(JSONError) -> Bool {
        scanner.skipWhiteSpace()
        guard try value(root, depth: 0) else { return false }
        scanner.skipWhiteSpace()
        return scanner.peek == nil
    }

    private mutating func value(_ shape: FieldPlan.Shape, depth: Int) throws(JSONError) -> Bool {
        switch shape {
        case .unclear: return false
        case .any:
            try skip(depth: depth)
            return true
        case .text:
            guard scanner.peek == UInt8(ascii: "\"") else { return false }
            _ = try scanner.string()
            return true
        case .oneOf(let texts):
            guard scanner.peek == UInt8(ascii: "\"") else { return false }
            let start = scanner.position + 1
            // One with escapes may be the same text, written otherwise.
            guard try !scanner.string() else { return false }
            let text = UnsafeRawBufferPointer(rebasing: scanner.bytes[start..<scanner.position - 1])
            return texts.contains { text.isEqual(to: $0) }
        case .whole, .number:
            guard let first = scanner.peek, first == UInt8(ascii: "-") || JSONScanner.isDigit(first) else {
                return false
            }
            let start = scanner.position
            try scanner.number()
            if case .number = shape { return true }
            // `1.0` is whole as well, and rare.
            return scanner.bytes[start..<scanner.position].allSatisfy {
                JSONScanner.isDigit($0) || $0 == UInt8(ascii: "-")
            }
        case .boolean(let constant):
            let isTrue = scanner.peek == UInt8(ascii: "t")
            guard isTrue || scanner.peek == UInt8(ascii: "f"), constant == nil || constant == isTrue else {
                return false
            }
            try scanner.expect(isTrue ? "true" : "false")
            return true
        case .object(let members): return try object(members, depth: depth + 1)
        case .map(let type):
            return try container(UInt8(ascii: "{"), depth: depth + 1) { (walker) throws(JSONError) in
                guard try walker.key() != nil else { return false }
                return try walker.value(type, depth: depth + 1)
            }
        case .list(let type):
            return try container(UInt8(ascii: "["), depth: depth + 1) { (walker) throws(JSONError) in
                try walker.value(type, depth: depth + 1)
            }
        case .union(let types):
            let start = scanner.position
            for type in types {
                scanner.position = start
                if try value(type, depth: depth) { return true }
            }
            return false
        }
    }

    private mutating func object(_ members: FieldPlan.Members, depth: Int) throws(JSONError) -> Bool {
        var seen: UInt64 = 0
        var next = 0
        let isWalked = try container(UInt8(ascii: "{"), depth: depth) { (walker) throws(JSONError) in
            guard let key = try walker.key() else { return false }
            let name = UnsafeRawBufferPointer(rebasing: walker.scanner.bytes[key])
            guard let index = members.position(of: name, from: next) else {
                try walker.skip(depth: depth)
                return true
            }
            let bit: UInt64 = 1 << UInt64(index)
            // Of a key that stands there twice the last counts.
            guard seen & bit == 0 else { return false }
            seen |= bit
            next = index + 1
            if members.nullable & bit != 0, walker.scanner.peek == UInt8(ascii: "n") {
                try walker.scanner.expect("null")
                return true
            }
            return try walker.value(members.shapes[index], depth: depth)
        }
        return isWalked && seen & members.required == members.required
    }

    /// Steps over a key and its colon, and returns where it stands; `nil` for one with escapes.
    private mutating func key() throws(JSONError) -> Range<Int>? {
        guard scanner.peek == UInt8(ascii: "\"") else { return nil }
        let start = scanner.position + 1
        guard try !scanner.string() else { return nil }
        let end = scanner.position - 1
        scanner.skipWhiteSpace()
        guard scanner.peek == UInt8(ascii: ":") else { return nil }
        scanner.position += 1
        scanner.skipWhiteSpace()
        return start..<end
    }

    /// Steps over an object or a list, an item after the other, as long as these are fine.
    private mutating func container(
        _ opener: UInt8,
        depth: Int,
        _ item: (inout FieldWalker) throws(JSONError) -> Bool
    ) throws(JSONError) -> Bool {
        guard scanner.peek == opener, depth <= scanner.maxDepth else { return false }
        // In ASCII both closers stand two places after their openers.
        let closer = opener + 2
        scanner.position += 1
        scanner.skipWhiteSpace()
        if scanner.peek == closer {
            scanner.position += 1
            return true
        }
        while true {
            scanner.skipWhiteSpace()
            guard try item(&self) else { return false }
            scanner.skipWhiteSpace()
            switch scanner.peek {
            case UInt8(ascii: ","): scanner.position += 1
            case closer:
                scanner.position += 1
                return true
            default: return false
            }
        }
    }

    /// Steps over any value.
    private mutating func skip(depth: Int) throws(JSONError) {
        let isWalked: Bool
        switch scanner.peek {
        case UInt8(ascii: "{"):
            isWalked = try container(UInt8(ascii: "{"), depth: depth + 1) { (walker) throws(JSONError) in
                guard walker.scanner.peek == UInt8(ascii: "\"") else { return false }
                _ = try walker.scanner.string()
                walker.scanner.skipWhiteSpace()
                guard walker.scanner.peek == UInt8(ascii: ":") else { return false }
                walker.scanner.position += 1
                walker.scanner.skipWhiteSpace()
                try walker.skip(depth: depth + 1)
                return true
            }
        case UInt8(ascii: "["):
            isWalked = try container(UInt8(ascii: "["), depth: depth + 1) { (walker) throws(JSONError) in
                try walker.skip(depth: depth + 1)
                return true
            }
        case UInt8(ascii: "\""):
            _ = try scanner.string()
            isWalked = true
        case UInt8(ascii: "t"):
            try scanner.expect("true")
            isWalked = true
        case UInt8(ascii: "f"):
            try scanner.expect("false")
            isWalked = true
        case UInt8(ascii: "n"):
            try scanner.expect("null")
            isWalked = true
        default:
            try scanner.number()
            isWalked = true
        }
        if !isWalked { throw scanner.failure("not a JSON value") }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func isEqual(to bytes: [UInt8]) -> Bool {
        count == bytes.count && elementsEqual(bytes)
    }
}
