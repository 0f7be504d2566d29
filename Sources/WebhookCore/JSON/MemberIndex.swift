internal import Synchronization

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
