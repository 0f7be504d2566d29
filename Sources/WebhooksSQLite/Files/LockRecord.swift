/// The record that the holder of a ``DispatcherLock`` writes into its file: for people, and for those that open the
/// store beside it.
///
/// Of one size and written in place: a file that has held a record once takes the next one on a full disk, too.
struct LockRecord: Sendable, Hashable {
    /// In bytes.
    static let size = 256
    /// The record that says that nobody holds the lock.
    static let blank = [UInt8](repeating: lineFeed, count: size)
    private static let stopping = "stopping"
    private static let lineFeed = UInt8(ascii: "\n")

    var holder: DispatcherLock.Holder
    /// Whether the dispatcher makes no more attempts, and ends.
    var isStopping = false
    /// The files that the dispatcher has open; `nil`: it has not said.
    var files: String?
    /// Why the store doesn't take what the dispatcher records, by the error's code; `nil`: it does.
    var trouble: String?

    init(holder: DispatcherLock.Holder, files: String? = nil, trouble: String? = nil) {
        self.holder = holder
        self.files = files
        self.trouble = trouble
    }

    /// - Returns: `nil` where nobody has signed.
    init?(_ bytes: some Collection<UInt8>) {
        // What follows the last line feed was cut off.
        let lines = bytes.prefix(Self.size).split(separator: Self.lineFeed, omittingEmptySubsequences: false).dropLast()
        let texts = lines.map { String(decoding: $0, as: UTF8.self) }
        var parts = texts.first?.split(separator: " ", maxSplits: 2).map(String.init) ?? []
        if parts.count == 3, parts[2] == Self.stopping {
            isStopping = true
            parts.removeLast()
        }
        guard parts.count >= 2, let processID = Int32(parts[0]), processID > 0 else { return nil }
        holder = DispatcherLock.Holder(processID: processID, role: parts.dropFirst().joined(separator: " "))
        files = texts.dropFirst().first.flatMap { $0.isEmpty ? nil : $0 }
        trouble = texts.dropFirst(2).first.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The record, padded to its size.
    var bytes: [UInt8] {
        var bytes = Array("\(holder.processID) \(holder.role)\(isStopping ? " \(Self.stopping)" : "")\n".utf8)
        // Half of a list would be taken for other files.
        if let files, bytes.count + files.utf8.count < Self.size { bytes += files.utf8 }
        if let trouble, bytes.count + trouble.utf8.count + 1 < Self.size { bytes += [Self.lineFeed] + trouble.utf8 }
        return bytes.prefix(Self.size - 1) + [UInt8](repeating: Self.lineFeed, count: max(1, Self.size - bytes.count))
    }
}
