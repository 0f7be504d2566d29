internal import Glibc
internal import Synchronization
public import WebhookCore

/// The mark of the event that is being rendered, in a small file beside the store.
///
/// Written and never synced: it outlives the process, which is all it is for. Where the file can't be made, nothing is
/// remembered, and deliveries go on.
public final class RenderingMarkFile: RenderingMark {
    public let interrupted: Int64?
    private let path: String
    private let descriptor: Mutex<Int32>

    /// Opens the mark of the store that a dispatcher holds the lock of.
    public init(storePath: String) {
        path = StoreFiles(storePath).path + "-rendering"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        descriptor = Mutex(file)
        interrupted = file < 0 ? nil : Self.read(file)
    }

    deinit { close(removing: false) }

    public func set(_ event: Int64?) {
        descriptor.withLock { file in
            guard file >= 0 else { return }
            // A row that was cut off in writing is not taken for another.
            var record = [event ?? 0, ~(event ?? 0)]
            _ = pwrite(file, &record, Self.size, 0)
        }
    }

    /// The end of a dispatcher that rendered all it began.
    public func close(removing: Bool) {
        descriptor.withLock { file in
            guard file >= 0 else { return }
            if removing { unlink(path) }
            _ = Glibc.close(file)
            file = -1
        }
    }

    private static let size = 2 * MemoryLayout<Int64>.size

    private static func read(_ file: Int32) -> Int64? {
        var record: [Int64] = [0, 0]
        guard pread(file, &record, size, 0) == size, record[0] > 0, record[1] == ~record[0] else { return nil }
        return record[0]
    }
}
