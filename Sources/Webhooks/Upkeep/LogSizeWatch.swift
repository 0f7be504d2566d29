/// Decides when the write-ahead log's size is worth a word.
///
/// A dispatcher empties it every 16 MiB, unless a reader's transaction needs what is in it.
struct LogSizeWatch {
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
