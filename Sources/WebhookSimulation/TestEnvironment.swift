internal import Foundation
internal import Synchronization

/// A temporary folder for a test's files and what else it starts; gone at the end of the test, also of one that failed.
package final class TestEnvironment: Sendable {
    package let folder: String
    private let cleanups = Mutex<[@Sendable () -> Void]>([])

    /// - Parameter folder: made where it isn't there; defaults to one of its own.
    package init(folder: String? = nil) throws {
        self.folder = folder ?? NSTemporaryDirectory() + "webhooks-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: self.folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
    }

    deinit {
        for cleanup in cleanups.withLock({ $0 }).reversed() { cleanup() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Adds an action for the end, before the folder goes; the last one added comes first.
    package func atEnd(_ cleanup: @escaping @Sendable () -> Void) { cleanups.withLock { $0.append(cleanup) } }

    package func path(_ name: String) -> String { folder + "/" + name }

    /// Writes a file that is complete or not there.
    package func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path(name)), options: .atomic)
    }
}
