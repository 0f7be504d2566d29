/// Encodes values as JSON whose bytes depend on the value alone: the same in every process.
///
/// Members stand in the order in which their type encodes them, which for what the compiler writes is the order of their
/// declaration. What has no order of its own, a dictionary or a set, is sorted by bytes. (Foundation's encoder offers the one
/// or the other: it sorts every type's members, or keeps no order at all.)
package struct StableJSONEncoder: Sendable {
    /// A value that is written otherwise than it encodes itself.
    package enum Substitute: Sendable {
        case text(String)
        /// The text of a JSON number.
        case number(String)
    }

    private let substitute: @Sendable (_ value: any Encodable) throws(JSONEncodingProblem) -> Substitute?

    /// - Parameter substitute: asked for every value that is no text, number or boolean; `nil` lets it encode itself.
    package init(
        substitute: @escaping @Sendable (_ value: any Encodable) throws(JSONEncodingProblem) -> Substitute? = {
            (_: any Encodable) throws(JSONEncodingProblem) -> Substitute? in nil
        }
    ) {
        self.substitute = substitute
    }

    /// The JSON of a value.
    ///
    /// - Throws: ``JSONEncodingProblem``; what a type's own `encode(to:)` throws is told by its type, for its text may quote
    ///   the value.
    package func encode(_ value: some Encodable) throws(JSONEncodingProblem) -> ByteString {
        let session = Session(substitute: substitute)
        let root = Node()
        do {
            try session.encode(value, into: root, at: [])
        } catch let problem as JSONEncodingProblem {
            throw problem
        } catch {
            throw JSONEncodingProblem(error, at: [])
        }
        if let problem = session.problem { throw problem }
        var output: [UInt8] = []
        try root.write(to: &output)
        return ByteString(output)
    }

    /// The types of keys by which `Dictionary` encodes: asked of it once, for the type has no public name.
    static let dictionaryKeys: ObjectIdentifier? = {
        let session = Session { (_: any Encodable) throws(JSONEncodingProblem) -> Substitute? in nil }
        let node = Node()
        try? session.encode(["": 0], into: node, at: [])
        return node.keys
    }()

    /// One call of ``encode(_:)``.
    final class Session {
        private let substitute: (any Encodable) throws(JSONEncodingProblem) -> Substitute?
        /// The first mistake that could not be thrown where it was made.
        var problem: JSONEncodingProblem?

        init(substitute: @escaping (any Encodable) throws(JSONEncodingProblem) -> Substitute?) {
            self.substitute = substitute
        }

        /// Encodes a value into a node.
        func encode<Value: Encodable>(_ value: Value, into node: Node, at path: [any CodingKey]) throws {
            guard path.count < JSON.maxDepth else {
                throw JSONEncodingProblem("it is nested more than \(JSON.maxDepth) deep", at: [])
            }
            do {
                switch try substitute(value) {
                case .text(let text): return node.text(text)
                case .number(let text): return node.raw(text)
                case nil: break
                }
                if let value = value as? JSONValue { return node.raw(value.raw.bytes) }
                if let kind = Value.self as? any UnorderedValues.Type { node.unordered = kind.arrangement }
                let encoder = NodeEncoder(session: self, node: node, codingPath: path)
                try value.encode(to: encoder)
            } catch let problem as JSONEncodingProblem {
                throw problem.at(path)
            } catch {
                throw JSONEncodingProblem(error, at: path)
            }
            if node.isEmpty { throw JSONEncodingProblem("its type encodes nothing", at: path) }
        }
    }
}

/// The reason why a value can't be written as JSON, and where in it. Names no value.
package struct JSONEncodingProblem: Error, Sendable, Hashable {
    /// Keys and positions, joined by dots; empty: the value as a whole.
    package var path: String
    package var reason: String

    package init(_ reason: String, at path: [any CodingKey] = []) {
        self.path = Self.text(path)
        self.reason = reason
    }

    /// An error that a type's own `encode(to:)` throws.
    init(_ error: any Error, at path: [any CodingKey]) {
        if case EncodingError.invalidValue(_, let context) = error, !context.codingPath.isEmpty {
            self.init("its type refuses a value", at: context.codingPath)
        } else {
            self.init("its type can't encode it: \(type(of: error))", at: path)
        }
    }

    /// The same, with the place where it was found if it has none.
    func at(_ path: [any CodingKey]) -> JSONEncodingProblem {
        var problem = self
        if problem.path.isEmpty { problem.path = Self.text(path) }
        return problem
    }

    /// Keys may be anybody's texts: those that are no plain names are not shown.
    private static func text(_ path: [any CodingKey]) -> String {
        path.map { key in
            if let position = key.intValue { return String(position) }
            return ShownKey.text(key.stringValue)
        }
        .joined(separator: ".")
    }
}

/// A collection without an order of its own, which encodes itself as an array.
private protocol UnorderedValues {
    static var arrangement: Node.Arrangement { get }
}

extension Set: UnorderedValues {
    fileprivate static var arrangement: Node.Arrangement { .items }
}

/// Keys that are neither texts nor integers are written as an array of keys and values in turn.
extension Dictionary: UnorderedValues {
    fileprivate static var arrangement: Node.Arrangement { .pairs }
}

/// A value under construction: containers may be filled in any order, and are written at the end.
final class Node {
    /// The parts of an array that have no order.
    enum Arrangement {
        case items, pairs
    }

    private enum Content {
        case nothing
        case leaf([UInt8])
        case array([Node])
        case object([(key: String, value: Node)])
    }

    private var content = Content.nothing
    /// The type of the keys of an object.
    private(set) var keys: ObjectIdentifier?
    var unordered: Arrangement?
    /// The positions of an object's keys, once it has many.
    private var positions: [ByteString: Int]?

    var isEmpty: Bool { if case .nothing = content { true } else { false } }

    var count: Int { if case .array(let items) = content { items.count } else { 0 } }

    func raw(_ text: String) { content = .leaf(Array(text.utf8)) }

    func raw(_ bytes: [UInt8]) { content = .leaf(bytes) }

    func text(_ text: String) {
        var output: [UInt8] = []
        output.reserveCapacity(text.utf8.count + 2)
        JSON.appendString(text, to: &output)
        content = .leaf(output)
    }

    /// - Returns: whether it is an array now.
    func becomeArray() -> Bool {
        if case .nothing = content { content = .array([]) }
        if case .array = content { return true }
        return false
    }

    /// - Returns: whether it is an object now.
    func becomeObject(_ keys: ObjectIdentifier) -> Bool {
        if case .nothing = content { (content, self.keys) = (.object([]), keys) }
        if case .object = content { return true }
        return false
    }

    func append() -> Node {
        let node = Node()
        guard case .array(var items) = content else { return node }
        content = .nothing
        items.append(node)
        content = .array(items)
        return node
    }

    /// The node of a key; a key that comes again takes the place of what was there.
    func member(_ key: String) -> Node {
        let node = Node()
        guard case .object(var members) = content else { return node }
        content = .nothing
        defer { content = .object(members) }
        if members.count == 16 {
            positions = Dictionary(
                members.enumerated().map { (ByteString($1.key), $0) },
                uniquingKeysWith: { first, _ in first }
            )
        }
        let position =
            if let positions { positions[ByteString(key)] } else {
                members.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
            }
        if let position {
            // In a dictionary it is another key with the same text: which of both is first is chance.
            if keys == StableJSONEncoder.dictionaryKeys { isAmbiguous = true }
            members[position].value = node
        } else {
            if positions != nil { positions?[ByteString(key)] = members.count }
            members.append((key, node))
        }
        return node
    }

    private var isAmbiguous = false

    func write(to output: inout [UInt8]) throws(JSONEncodingProblem) {
        switch content {
        case .nothing: output += "null".utf8
        case .leaf(let bytes): output += bytes
        case .array(let items): try write(items, to: &output)
        case .object(var members):
            if isAmbiguous { throw JSONEncodingProblem("two keys of a dictionary are written the same") }
            if keys == StableJSONEncoder.dictionaryKeys {
                members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            }
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                JSON.appendString(member.key, to: &output)
                output.append(UInt8(ascii: ":"))
                try member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private func write(_ items: [Node], to output: inout [UInt8]) throws(JSONEncodingProblem) {
        let size = unordered == .pairs ? 2 : 1
        var parts: [[UInt8]] = []
        output.append(UInt8(ascii: "["))
        for (index, item) in items.enumerated() {
            if unordered == nil {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                try item.write(to: &output)
            } else {
                if index % size == 0 { parts.append([]) } else { parts[parts.count - 1].append(UInt8(ascii: ",")) }
                try item.write(to: &parts[parts.count - 1])
            }
        }
        parts.sort { $0.lexicographicallyPrecedes($1) }
        for (index, part) in parts.enumerated() {
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output += part
        }
        output.append(UInt8(ascii: "]"))
    }
}
