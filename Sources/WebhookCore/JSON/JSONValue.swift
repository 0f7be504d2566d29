internal import Synchronization

/// A JSON value (RFC 8259) that keeps what Foundation loses: key order, number text and duplicate keys.
///
/// Every node remembers where it stands in its document, so that it can be passed on byte for byte (``raw``)
/// and a problem can be reported by line.
public struct JSONValue: Sendable {
    /// The kind of value.
    package enum Kind: Sendable {
        /// `null`.
        case null
        /// `true` or `false`.
        case bool(Bool)
        /// The number's text as written.
        case number(String)
        /// The text, unescaped. A lone surrogate becomes U+FFFD here; ``raw`` still has it.
        case string(String)
        /// An array, in its order.
        case array([JSONValue])
        /// Members in order, duplicates included.
        case object([Member])
    }

    /// A key with its value.
    public struct Member: Sendable {
        /// The key, unescaped.
        public var key: String
        /// The offset of the key's first byte in the value's document; negative for one that stands in none.
        package var keyOffset: Int
        /// The value.
        public var value: JSONValue

        package init(key: String, keyOffset: Int = -1, value: JSONValue) {
            self.key = key
            self.keyOffset = keyOffset
            self.value = value
        }
    }

    /// The kind of value.
    package let kind: Kind
    /// The document the value was read from.
    package let document: ByteString
    /// The range of the value's text in the document.
    package let range: Range<Int>
    /// For an object with many members.
    private let index: MemberIndex?

    package init(kind: Kind, document: ByteString, range: Range<Int>) {
        self.kind = kind
        self.document = document
        self.range = range
        if case .object(let members) = kind, members.count > MemberIndex.threshold {
            index = MemberIndex(members)
        } else {
            index = nil
        }
    }

    /// The value's text exactly as it stands in the document.
    public var raw: ByteString { range == 0..<document.count ? document : document.slice(range) }

    /// The member of an object by key; of duplicates the last, as most readers take it. Keys are compared by their
    /// bytes: "é" in one code point and in two are different keys, as on the wire.
    public subscript(key: String) -> JSONValue? {
        guard case .object(let members) = kind else { return nil }
        if let index { return index.position(of: key).map { members[$0].value } }
        let count = key.utf8.count
        return members.last { $0.key.utf8.count == count && $0.key.utf8.elementsEqual(key.utf8) }?.value
    }

    /// The value at a path of keys; a segment of decimal digits is also an array index.
    public func value(at path: some Collection<String>) -> JSONValue? {
        var current = self
        for segment in path {
            guard let next = current.value(at: segment) else { return nil }
            current = next
        }
        return current
    }

    /// The value of a key; of decimal digits, also of an array's index.
    package func value(at segment: String) -> JSONValue? {
        if let member = self[segment] { return member }
        guard case .array(let items) = kind, segment.utf8.allSatisfy(JSONScanner.isDigit), let index = Int(segment),
            items.indices.contains(index)
        else { return nil }
        return items[index]
    }

    /// True when the value is `null`.
    public var isNull: Bool { if case .null = kind { true } else { false } }

    /// The text of a string.
    public var string: String? { if case .string(let text) = kind { text } else { nil } }

    /// The items of an array.
    public var array: [JSONValue]? { if case .array(let items) = kind { items } else { nil } }

    /// The members of an object.
    public var object: [Member]? { if case .object(let members) = kind { members } else { nil } }
}

/// Finds the members of a large object by key, in constant time from the first look-up on.
///
/// A template or a thousand filters may ask an object of a million members for as many names. The table is made when
/// something is first looked for: most objects are passed on and never asked.
final class MemberIndex: Sendable {
    /// Smaller objects are searched from end to end, which costs less.
    static let threshold = 16

    private let members: [JSONValue.Member]
    private let positions = Mutex<[Key: Int]?>(nil)

    init(_ members: [JSONValue.Member]) {
        self.members = members
    }

    /// The position of a key; of duplicates the last.
    func position(of key: String) -> Int? {
        positions.withLock { positions in
            if let position = positions?[Key(key)] { return position }
            guard positions == nil else { return nil }
            let table = Dictionary(
                members.enumerated().map { (Key($1.key), $0) },
                uniquingKeysWith: { _, last in last }
            )
            positions = table
            return table[Key(key)]
        }
    }

    /// A key, compared by its bytes: Swift takes canonically equivalent texts for equal, JSON doesn't.
    private struct Key: Hashable {
        private let text: String

        init(_ text: String) {
            self.text = text
        }

        static func == (left: Key, right: Key) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

        func hash(into hasher: inout Hasher) {
            var text = text
            text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        }
    }
}
