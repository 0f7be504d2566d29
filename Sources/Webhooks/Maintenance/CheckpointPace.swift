internal import WebhookCore
internal import WebhooksSQLite

/// Decides when a dispatcher empties the write-ahead log beyond what its own commits move: when others write and nobody
/// delivers, when they write without a gap, and when all is quiet.
struct CheckpointPace {
    /// Beyond it something keeps the log from starting again, in bytes: our own commits move it at 16 MiB.
    static let limit = 24 * 1024 * 1024
    /// Beyond it nobody who writes is given time, in bytes.
    static let pressure = 64 * 1024 * 1024
    /// Left alone at rest, in bytes.
    static let small = 1024 * 1024
    /// Emptied once less room than its size is left beside it, in bytes: to move it, its pages take their room twice.
    static let tight = 256 * 1024
    /// The number of looks without a change that counts as rest.
    static let rest = 20
    /// The most looks that pass after a reader was in the way: in vain, a checkpoint holds everybody up. At first fewer
    /// do, for most readers are gone soon.
    static let readerPause = 50
    /// The number of looks that pass after the first time.
    static let firstReaderPause = 5
    /// The same for a writer, who leaves a gap some time.
    static let writerPause = 7

    /// The time until the next look. At rest, with little in the log, there is nothing to hurry for.
    var interval: Duration {
        unchanged >= Self.rest && size < Self.small ? .milliseconds(500) : .milliseconds(100)
    }

    private var size = 0
    private var unchanged = 0
    private var paused = 0
    /// The number of times in a row that a reader was in the way.
    private var readers = 0
    /// The result that says who was in the way the last time; `nil`: nobody.
    private(set) var obstacle: CheckpointResult?

    /// Decides whether to empty the log now.
    /// - Parameters:
    ///   - size: the log's, in bytes.
    ///   - hasChanged: whether somebody may have written since the last look, although the size is the same.
    ///   - freeSpace: the room that is left beside it, in bytes; asked for where it matters.
    mutating func look(at size: Int, hasChanged: Bool, freeSpace: () -> Int? = { nil }) -> Bool {
        unchanged = size == self.size && !hasChanged ? unchanged + 1 : 0
        self.size = size
        if paused > 0 {
            paused -= 1
            return false
        }
        if size >= Self.limit || (size >= Self.small && unchanged >= Self.rest) { return true }
        return size >= Self.tight && freeSpace().map { $0 < size } ?? false
    }

    /// Notes that a checkpoint has failed, as on a full disk: it may have taken long, and the next one will.
    mutating func noteFailure() { paused = Self.readerPause }

    /// Notes the result of a checkpoint.
    mutating func note(_ result: CheckpointResult) {
        obstacle = [.emptied, .restarted, .noRoom].contains(result) ? nil : result
        readers = result == .readerInTheWay ? readers + 1 : 0
        paused =
            switch result {
            case .emptied: 0
            // The file's size says no more how much is in the log.
            case .restarted, .noRoom: 1
            case .readerInTheWay: min(Self.readerPause, Self.firstReaderPause << min(readers - 1, 8))
            case .writerInTheWay: size < Self.pressure ? Self.writerPause : 0
            }
        unchanged = 0
    }
}

/// Decides when the write-ahead log's size is worth a word.
///
/// A dispatcher empties it every 16 MiB, unless a reader's transaction needs what is in it.
struct WALSizeWatch {
    /// Said for the first time, in bytes; then whenever it has doubled.
    static let limit = 256 * 1024 * 1024

    private var next = limit
    private var isLarge = false

    enum Finding: Hashable {
        /// Too large, in bytes.
        case grew(Int)
        /// No longer too large.
        case shrank
    }

    mutating func look(at size: Int) -> Finding? {
        if size >= next {
            isLarge = true
            while next <= size { next *= 2 }
            return .grew(size)
        }
        // The file keeps up to 64 MiB once it is empty.
        guard isLarge, size < Self.limit else { return nil }
        (isLarge, next) = (false, Self.limit)
        return .shrank
    }
}
