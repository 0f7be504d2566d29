internal import SQLiteStore

/// Decides when a dispatcher empties the write-ahead log beyond what its own commits move: when others write and nobody
/// delivers, when they write without a gap, and when all is quiet.
struct CheckpointPace {
    /// Beyond it something keeps the log from beginning anew, in bytes: our own commits move it at 16 MiB.
    static let limit = 32 * 1024 * 1024
    /// Left alone at rest, in bytes.
    static let small = 1024 * 1024
    /// So many looks without a change are rest.
    static let rest = 8
    /// So many looks pass after a reader was in the way: in vain, a checkpoint holds everybody up.
    static let readerPause = 20
    /// The same for a writer, who leaves a gap some time.
    static let writerPause = 3

    private var size = 0
    private var unchanged = 0
    private var paused = 0
    /// Who was in the way the last time; `nil`: nobody.
    private(set) var obstacle: CheckpointResult?

    /// Whether to empty the log now.
    /// - Parameters:
    ///   - size: the log's, in bytes.
    ///   - hasChanged: whether somebody may have written since the last look, although the size is the same.
    mutating func look(at size: Int, hasChanged: Bool) -> Bool {
        unchanged = size == self.size && !hasChanged ? unchanged + 1 : 0
        self.size = size
        if paused > 0 {
            paused -= 1
            return false
        }
        return size >= Self.limit || (size >= Self.small && unchanged >= Self.rest)
    }

    /// What came of it.
    mutating func note(_ result: CheckpointResult) {
        obstacle = result == .emptied ? nil : result
        paused =
            switch result {
            case .emptied: 0
            case .readerInTheWay: Self.readerPause
            case .writerInTheWay: Self.writerPause
            }
        unchanged = 0
    }
}
