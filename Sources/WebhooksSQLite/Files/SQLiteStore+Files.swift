internal import CWebhooksSQLite
internal import GRDB
internal import WebhookCore

extension SQLiteStore {
    /// Throws where the store's files are not those that it has opened, or the database was cut off.
    func verifyFiles(_ db: StoreDatabase) throws {
        guard let opened else { return }
        let size = try opened.check()
        // A host's own checkpoints change its size as they like.
        guard role == .dispatcher, !isHosts, opened.hasShrunk(to: size) else { return }
        // Rightly so where a host has vacuumed: then all of its pages are there.
        let pages = try PreparedStatement(db, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
        defer { pages.reset() }
        guard try pages.next(), pages.int64(0) <= size else {
            throw StoreError(
                .replaced,
                "\(path) was cut off to \(size) bytes while it was open: restore it from a backup"
            )
        }
        opened.noteSize()
    }

    /// Throws where the dispatcher that runs on the store has other files open than this process: each would overwrite
    /// what the other has acknowledged.
    func compareWithDispatcher() throws(StoreError) {
        let record = DispatcherLock.record(path: path, files.prefix)
        guard let record, let files = record.files, files != opened?.description else { return }
        throw StoreError(
            .replaced,
            """
            the files of \(path) were deleted or replaced under the dispatcher that runs on it, \
            \(record.holder.shown): stop that process, and start it again
            """
        )
    }

    /// Tells whether a file or folder lies on a network file system, which lacks what the write-ahead log needs.
    package static func isOnNetworkDisk(_ path: String) -> Bool { webhooks_is_network_disk(path) != 0 }
}
