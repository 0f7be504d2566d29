#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#endif

/// An immutable run of bytes in memory that never moves.
///
/// A body is rendered once and then shared by every delivery, attempt and connection that needs it: copying a
/// `ByteString` copies a reference. The bytes may be handed to C for as long as the value is alive.
public struct ByteString: Sendable, Hashable {
    private let storage: Storage

    /// No bytes.
    public static let empty = ByteString(unsafeUninitializedCapacity: 0) { _ in 0 }

    /// The number of bytes.
    public var count: Int { storage.count }

    /// True when there are no bytes.
    public var isEmpty: Bool { storage.count == 0 }

    /// Makes room for `capacity` bytes and lets `initialize` fill it; it returns how many it wrote.
    public init(
        unsafeUninitializedCapacity capacity: Int,
        initializingWith initialize: (UnsafeMutableRawBufferPointer) throws -> Int
    ) rethrows {
        storage = Storage(capacity: capacity)
        let count = try initialize(UnsafeMutableRawBufferPointer(start: storage.start, count: capacity))
        precondition((0...capacity).contains(count), "more bytes than there is room for")
        storage.buffer.header = count
    }

    /// Copies the bytes of a buffer.
    public init(copying buffer: UnsafeRawBufferPointer) {
        self.init(unsafeUninitializedCapacity: buffer.count) { target in
            target.copyMemory(from: buffer)
            return buffer.count
        }
    }

    /// Copies a collection's bytes.
    public init(_ bytes: some Collection<UInt8>) {
        let copied = bytes.withContiguousStorageIfAvailable { ByteString(copying: UnsafeRawBufferPointer($0)) }
        if let copied {
            self = copied
        } else {
            self = Array(bytes).withUnsafeBytes { ByteString(copying: $0) }
        }
    }

    /// The UTF-8 of a text.
    public init(_ text: String) {
        var text = text
        self = text.withUTF8 { ByteString(copying: UnsafeRawBufferPointer($0)) }
    }

    /// Calls `body` with the bytes, which stay where they are for as long as this value lives.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        defer { withExtendedLifetime(storage.buffer) {} }
        return try body(UnsafeRawBufferPointer(start: storage.start, count: storage.count))
    }

    /// The byte at a position.
    public subscript(position: Int) -> UInt8 {
        precondition(position >= 0 && position < count, "position outside the bytes")
        return storage.start.load(fromByteOffset: position, as: UInt8.self)
    }

    /// The bytes as an array (a copy).
    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// The bytes as text; ill-formed UTF-8 is replaced by U+FFFD.
    public var text: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

    /// The bytes as text, or `nil` where they are not well-formed UTF-8.
    public var validatedText: String? { withUnsafeBytes { String(validating: $0, as: UTF8.self) } }

    /// The bytes from `range`, as a copy.
    public func slice(_ range: Range<Int>) -> ByteString {
        withUnsafeBytes { ByteString(copying: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Tells whether two have the same bytes.
    public static func == (lhs: ByteString, rhs: ByteString) -> Bool {
        if lhs.storage.buffer === rhs.storage.buffer { return true }
        guard lhs.count == rhs.count else { return false }
        return lhs.withUnsafeBytes { left in
            rhs.withUnsafeBytes { right in
                guard let first = left.baseAddress, let second = right.baseAddress else { return true }
                return memcmp(first, second, left.count) == 0
            }
        }
    }

    /// Hashes the bytes.
    public func hash(into hasher: inout Hasher) {
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    /// The bytes behind their number, in one piece of memory.
    // Safe to share: it is written before `init` returns, and never after.
    private struct Storage: @unchecked Sendable {
        let buffer: ManagedBuffer<Int, UInt8>

        init(capacity: Int) { buffer = .create(minimumCapacity: capacity) { _ in 0 } }

        /// Read where it stands: nothing is written any more that the access would have to be kept apart from.
        var count: Int { buffer.withUnsafeMutablePointerToHeader { $0.pointee } }

        /// The first byte. Valid as long as the buffer lives.
        var start: UnsafeMutableRawPointer {
            buffer.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) }
        }
    }
}

extension ByteString: ExpressibleByStringInterpolation {
    /// The text's bytes in UTF-8.
    public init(stringLiteral value: String) { self.init(value) }
}

extension ByteString: CustomStringConvertible {
    /// The size alone: a body may hold what does not belong in a log.
    public var description: String { "\(count) bytes" }
}
