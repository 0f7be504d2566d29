internal import Glibc
internal import Synchronization
internal import WebhookCore

/// The right to move a database's write-ahead log, whatever the prefixes of the stores in the file.
///
/// With SQLite before 3.51.3 two connections must not do it at the same time: a database can be damaged. Dispatchers that work
/// on one connection, a host's, share the right; any other is refused. It ends with its process.
final class WholeFileLock: Sendable {
    /// A right that several have.
    private struct Shared {
        var descriptor: Int32
        var users = 1
    }

    private struct Key: Hashable {
        var path: String
        var connection: ObjectIdentifier
    }

    private static let shared = Mutex<[Key: Shared]>([:])

    private let key: Key?
    /// Below zero where it is a shared one.
    private let descriptor: Int32
    private let isReleased = Atomic(false)

    private init(_ key: Key?, _ descriptor: Int32) { (self.key, self.descriptor) = (key, descriptor) }

    deinit { release() }

    /// Takes the right, or fails at once.
    ///
    /// - Parameters:
    ///   - files: of the store with the standard prefix, whatever the dispatcher's own: the file that all of them know.
    ///   - connection: a host's, which several dispatchers may share; `nil`: one of the dispatcher's own.
    /// - Throws: ``StoreError`` with `locked`; or why the file can't be opened.
    static func acquire(_ files: StoreFiles, connection: ObjectIdentifier?) throws(StoreError) -> WholeFileLock {
        guard let connection else { return WholeFileLock(nil, try take(files)) }
        let key = Key(path: files.path, connection: connection)
        try shared.withLock { shared throws(StoreError) in
            if shared[key] == nil {
                shared[key] = Shared(descriptor: try take(files))
            } else {
                shared[key]?.users += 1
            }
        }
        return WholeFileLock(key, -1)
    }

    /// Lets go. Calling it again does nothing.
    func release() {
        guard !isReleased.exchange(true, ordering: .acquiringAndReleasing) else { return }
        if descriptor >= 0 { close(descriptor) }
        guard let key else { return }
        Self.shared.withLock { shared in
            guard var entry = shared[key] else { return }
            entry.users -= 1
            shared[key] = entry.users > 0 ? entry : nil
            if entry.users == 0 { close(entry.descriptor) }
        }
    }

    private static func take(_ files: StoreFiles) throws(StoreError) -> Int32 {
        let descriptor = try DispatcherLock.openFile(files)
        do throws(StoreError) {
            _ = try DispatcherLock.vet(descriptor, files)
            guard HolderByte.lockWholeFile(descriptor) else {
                throw StoreError(
                    .locked,
                    """
                    \(files.path) is in use by a dispatcher with another table prefix: dispatchers of one file run one after the \
                    other, or share a host's connection
                    """
                )
            }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }
}
