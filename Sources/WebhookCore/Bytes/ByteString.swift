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

    /// Whether there are no bytes.
    public var isEmpty: Bool { storage.count == 0 }

    /// Makes room for `capacity` bytes and lets `initialize` fill it; it returns how many it wrote.
    public init(
        unsafeUninitializedCapacity capacity: Int,
        initializingWith initialize: (UnsafeMutableRawBufferPointer) throws -> Int
    ) rethrows {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(capacity, 1), alignment: 8)
        do {
            let count = try initialize(UnsafeMutableRawBufferPointer(rebasing: buffer[0..<capacity]))
            precondition((0...capacity).contains(count), "more bytes than there is room for")
            storage = Storage(buffer: UnsafeRawBufferPointer(buffer), count: count)
        } catch {
            buffer.deallocate()
            throw error
        }
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
        defer { withExtendedLifetime(storage) {} }
        return try body(UnsafeRawBufferPointer(rebasing: storage.buffer[0..<storage.count]))
    }

    /// The byte at a position.
    public subscript(position: Int) -> UInt8 {
        precondition(position >= 0 && position < storage.count, "position outside the bytes")
        return storage.buffer[position]
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

    /// Whether two have the same bytes.
    public static func == (lhs: ByteString, rhs: ByteString) -> Bool {
        if lhs.storage === rhs.storage { return true }
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

    // Safe to share: the memory is written before `init` returns, never after, and freed with the last reference.
    private final class Storage: @unchecked Sendable {
        let buffer: UnsafeRawBufferPointer
        let count: Int

        init(buffer: UnsafeRawBufferPointer, count: Int) {
            self.buffer = buffer
            self.count = count
        }

        deinit { buffer.deallocate() }
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
