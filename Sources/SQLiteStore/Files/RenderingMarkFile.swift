internal import Glibc
internal import Synchronization
public import WebhookCore

/// The mark of what is being rendered, in a small file beside the store.
///
/// Written and never synced: it outlives the process, which is all it is for. Where the file can't be made, nothing is
/// remembered, and deliveries go on.
///
/// The file begins with the mark: an event's row, or a delivery's id below zero. The suspects follow: deliveries in which
/// processes have ended before, and how many. Those of an event are counted in the store, with the event.
public final class RenderingMarkFile: RenderingMark {
    public let interrupted: Int64?
    public let deadly: Set<Delivery.ID>
    private let path: String
    private let descriptor: Mutex<Int32>

    /// Opens the mark of the store that a dispatcher holds the lock of.
    public init(storePath: String) {
        path = StoreFiles(storePath).path + "-rendering"
        let file = Self.open(path)
        descriptor = Mutex(file)
        let mark = file < 0 ? nil : Self.readMark(file)
        var suspects = file < 0 ? [] : Self.readSuspects(file)
        interrupted = mark.flatMap { $0 > 0 ? $0 : nil }
        if let mark, mark < 0 {
            // Counted with the mark taken away, in one write: an end is counted once.
            Self.count(-mark, in: &suspects)
            Self.write(Self.record(nil) + suspects.flatMap(\.record), to: file)
        }
        deadly = Set(suspects.filter { $0.ends >= SetAside.mostEnds }.map { Delivery.ID(rawValue: $0.delivery) })
    }

    deinit { close(removing: false) }

    /// Nothing is waited for, and nobody else's file is written to.
    private static func open(_ path: String) -> Int32 {
        let file = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
        guard file >= 0 else { return file }
        if let found = FileIdentity(descriptor: file), found.isRegular, found.links <= 1 { return file }
        _ = Glibc.close(file)
        return -1
    }

    public func set(_ rendering: MarkedRendering?) {
        descriptor.withLock { file in
            if file >= 0 { Self.write(Self.record(rendering), to: file) }
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

    /// A delivery in which processes have ended.
    private struct Suspect {
        var delivery: Int64
        var ends: Int64

        var record: [Int64] { [delivery, ends, ~(delivery ^ ends)] }
    }

    /// More than one process after another can't tell apart in a lifetime; the oldest are forgotten.
    private static let mostSuspects = 16
    private static let markWords = 2
    private static let suspectWords = 3

    private static func count(_ delivery: Int64, in suspects: inout [Suspect]) {
        let known = suspects.first { $0.delivery == delivery }?.ends ?? 0
        suspects.removeAll { $0.delivery == delivery }
        suspects.append(Suspect(delivery: delivery, ends: min(known, 1000) + 1))
        suspects.removeFirst(max(0, suspects.count - mostSuspects))
    }

    /// One that was cut off in writing is not taken for another.
    private static func record(_ rendering: MarkedRendering?) -> [Int64] {
        let mark =
            switch rendering {
            case .fanOut(let event): event
            case .attempt(let delivery): -delivery.rawValue
            case nil: Int64(0)
            }
        return [mark, ~mark]
    }

    private static func write(_ words: [Int64], to file: Int32) {
        _ = words.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    }

    private static func readMark(_ file: Int32) -> Int64? {
        let words = read(file, words: markWords)
        guard words.count == markWords, words[0] != 0, words[0] != .min, words[1] == ~words[0] else { return nil }
        return words[0]
    }

    private static func readSuspects(_ file: Int32) -> [Suspect] {
        let words = read(file, words: markWords + mostSuspects * suspectWords).dropFirst(markWords)
        return stride(from: words.startIndex, to: words.endIndex, by: suspectWords).compactMap { start in
            guard start + suspectWords <= words.endIndex, words[start] > 0, words[start + 1] > 0 else { return nil }
            let suspect = Suspect(delivery: words[start], ends: words[start + 1])
            return words[start + 2] == suspect.record[2] ? suspect : nil
        }
    }

    private static func read(_ file: Int32, words: Int) -> [Int64] {
        var buffer = [Int64](repeating: 0, count: words)
        let size = MemoryLayout<Int64>.size
        let count = buffer.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        return Array(buffer.prefix(max(0, count) / size))
    }
}
