/// The `Encoder` that a type's `encode(to:)` gets: it fills one ``Node``.
struct NodeEncoder: Encoder {
    let session: StableJSONEncoder.Session
    let node: Node
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        if !node.becomeObject(ObjectIdentifier(Key.self)) { fail() }
        return KeyedEncodingContainer(KeyedNode<Key>(session: session, node: node, codingPath: codingPath))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        if !node.becomeArray() { fail() }
        return UnkeyedNode(session: session, node: node, codingPath: codingPath)
    }

    func singleValueContainer() -> any SingleValueEncodingContainer {
        SingleNode(session: session, node: node, codingPath: codingPath)
    }

    /// A container can't be refused by an error.
    private func fail() {
        let problem = JSONEncodingProblem("its type encodes two different things at once", at: codingPath)
        session.problem = session.problem ?? problem
    }
}

/// Encodes single values into a node, the same in every container.
private protocol NodeFilling {
    var session: StableJSONEncoder.Session { get }
}

extension NodeFilling {
    func fill<Value: Encodable>(_ node: Node, _ value: Value, _ path: @autoclosure () -> [any CodingKey]) throws {
        switch value {
        case let text as String: node.text(text)
        case let flag as Bool: node.raw(flag ? "true" : "false")
        case let integer as any FixedWidthInteger: node.raw(integer.description)
        case let number as Double: try fill(node, number.description, isFinite: number.isFinite, path())
        case let number as Float: try fill(node, number.description, isFinite: number.isFinite, path())
        default: try session.encode(value, into: node, at: path())
        }
    }

    /// The shortest text that is read as the same number; a whole one without `.0`, as other encoders write it.
    private func fill(_ node: Node, _ text: String, isFinite: Bool, _ path: [any CodingKey]) throws {
        guard isFinite else { throw JSONEncodingProblem("JSON has no infinity, and no number that is none", at: path) }
        node.raw(text.hasSuffix(".0") ? String(text.dropLast(2)) : text)
    }
}

private struct KeyedNode<Key: CodingKey>: KeyedEncodingContainerProtocol, NodeFilling {
    let session: StableJSONEncoder.Session
    let node: Node
    let codingPath: [any CodingKey]

    private func member(_ key: any CodingKey) -> Node { node.member(key.stringValue) }

    mutating func encodeNil(forKey key: Key) { member(key).raw("null") }

    mutating func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
        try fill(member(key), value, codingPath + [key])
    }

    mutating func encode(_ value: Bool, forKey key: Key) { member(key).raw(value ? "true" : "false") }
    mutating func encode(_ value: String, forKey key: Key) { member(key).text(value) }
    mutating func encode(_ value: Double, forKey key: Key) throws { try fill(member(key), value, codingPath + [key]) }
    mutating func encode(_ value: Float, forKey key: Key) throws { try fill(member(key), value, codingPath + [key]) }
    mutating func encode(_ value: Int, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: Int8, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: Int16, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: Int32, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: Int64, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: Int128, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: UInt, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: UInt8, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: UInt16, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: UInt32, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: UInt64, forKey key: Key) { member(key).raw(value.description) }
    mutating func encode(_ value: UInt128, forKey key: Key) { member(key).raw(value.description) }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type,
        forKey key: Key
    ) -> KeyedEncodingContainer<NestedKey> {
        encoder(key).container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        encoder(key).unkeyedContainer()
    }

    mutating func superEncoder() -> any Encoder { encoder(NameKey("super")) }
    mutating func superEncoder(forKey key: Key) -> any Encoder { encoder(key) }

    private func encoder(_ key: any CodingKey) -> NodeEncoder {
        NodeEncoder(session: session, node: member(key), codingPath: codingPath + [key])
    }
}

private struct UnkeyedNode: UnkeyedEncodingContainer, NodeFilling {
    let session: StableJSONEncoder.Session
    let node: Node
    let codingPath: [any CodingKey]
    var count: Int { node.count }

    private var path: [any CodingKey] { codingPath + [NameKey(node.count - 1)] }

    mutating func encodeNil() { node.append().raw("null") }

    mutating func encode<Value: Encodable>(_ value: Value) throws {
        let item = node.append()
        try fill(item, value, path)
    }

    mutating func nestedContainer<NestedKey: CodingKey>(
        keyedBy type: NestedKey.Type
    ) -> KeyedEncodingContainer<NestedKey> {
        encoder().container(keyedBy: type)
    }

    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { encoder() }

    private func encoder() -> NodeEncoder {
        let item = node.append()
        return NodeEncoder(session: session, node: item, codingPath: path)
    }
}

private struct SingleNode: SingleValueEncodingContainer, NodeFilling {
    let session: StableJSONEncoder.Session
    let node: Node
    let codingPath: [any CodingKey]

    mutating func encodeNil() { node.raw("null") }
    mutating func encode<Value: Encodable>(_ value: Value) throws { try fill(node, value, codingPath) }
}

/// A key of any name or position.
package struct NameKey: CodingKey {
    package let stringValue: String
    package let intValue: Int?

    package init(_ name: String) { (stringValue, intValue) = (name, nil) }
    package init(_ position: Int) { (stringValue, intValue) = (String(position), position) }
    package init?(stringValue: String) { self.init(stringValue) }
    package init?(intValue: Int) { self.init(intValue) }
}
