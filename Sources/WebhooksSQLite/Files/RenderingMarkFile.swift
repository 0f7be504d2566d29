internal import Glibc
internal import Synchronization
package import WebhookCore

/// The mark of what is being rendered, in a small file beside the store.
///
/// The page is mapped and never synced: it outlives the process, which is all it is for, and a mark costs two stores to
/// memory on the engine's queue. Where the file can't be made, or has no room on the disk, nothing is remembered, and
/// deliveries go on.
///
/// The file begins with the mark of the engine's queue: an event's row, or a delivery's id below zero. The suspects
/// follow: deliveries in which processes have ended before, and how many. Those of an event are counted in the store,
/// with the event. Last comes the mark of what is rendered beside.
package final class RenderingMarkFile: RenderingMark {
    package let interrupted: [Int64]
    package let deadly: Set<Delivery.ID>
    private let path: String
    private let page: Mutex<MappedMark?>

    /// Opens the mark of the store that a dispatcher holds the lock of.
    package init(storePath: String, _ prefix: TablePrefix = .standard) {
        path = StoreFiles(storePath, prefix).mark
        let file = Self.open(path)
        defer { if file >= 0 { _ = Glibc.close(file) } }
        let marks = file < 0 ? [] : RenderingPlace.allCases.map { Self.readMark(file, $0) }
        var suspects = file < 0 ? [] : Self.readSuspects(file)
        interrupted = marks.compactMap(\.self).filter { $0 > 0 }
        if let mark = marks.first ?? nil, mark < 0 {
            // Counted with the mark taken away, in one write: an end is counted once.
            Self.count(-mark, in: &suspects)
            Self.write([0, ~0] + suspects.flatMap(\.record), to: file)
        }
        deadly = Set(suspects.filter { $0.ends >= SetAside.mostEnds }.map { Delivery.ID(rawValue: $0.delivery) })
        page = Mutex(file < 0 ? nil : MappedMark(file))
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

    package func set(_ rendering: MarkedRendering?, at place: RenderingPlace) {
        page.withLock { $0?.store(Self.word(rendering), at: place.firstWord) }
    }

    /// The end of a dispatcher that rendered all it began.
    package func close(removing: Bool) {
        page.withLock { page in
            guard let mapped = page else { return }
            if removing { unlink(path) }
            mapped.unmap()
            page = nil
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

    private static func word(_ rendering: MarkedRendering?) -> Int64 {
        switch rendering {
        case .fanOut(let event): event
        case .attempt(let delivery): -delivery.rawValue
        case nil: 0
        }
    }

    private static func write(_ words: [Int64], to file: Int32) {
        _ = words.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, 0) }
    }

    private static func readMark(_ file: Int32, _ place: RenderingPlace) -> Int64? {
        let words = read(file, words: markWords, from: place.firstWord)
        guard words.count == markWords, words[0] != 0, words[0] != .min, words[1] == ~words[0] else { return nil }
        return words[0]
    }

    private static func readSuspects(_ file: Int32) -> [Suspect] {
        let words = read(file, words: mostSuspects * suspectWords, from: markWords)
        return stride(from: 0, to: words.count, by: suspectWords).compactMap { start in
            guard start + suspectWords <= words.count, words[start] > 0, words[start + 1] > 0 else { return nil }
            let suspect = Suspect(delivery: words[start], ends: words[start + 1])
            return words[start + 2] == suspect.record[2] ? suspect : nil
        }
    }

    private static func read(_ file: Int32, words: Int, from first: Int) -> [Int64] {
        var buffer = [Int64](repeating: 0, count: words)
        let size = MemoryLayout<Int64>.size
        let count = buffer.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, first * size) }
        return Array(buffer.prefix(max(0, count) / size))
    }
}

extension RenderingPlace {
    /// The position of its mark in the file.
    fileprivate var firstWord: Int {
        switch self {
        case .engine: 0
        case .beside: 64
        }
    }
}

/// The file, mapped into memory.
private struct MappedMark: @unchecked Sendable {  // behind the file's mutex
    private let page: UnsafeMutableRawPointer
    private let words: UnsafeMutablePointer<Atomic<Int64>>
    private static let size = 4096

    /// Gives the file its room first: a page that the disk has none for would end the process when it is written to.
    init?(_ file: Int32) {
        guard posix_fallocate(file, 0, Self.size) == 0,
            let page = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), page != MAP_FAILED
        else { return nil }
        self.page = page
        words = page.bindMemory(to: Atomic<Int64>.self, capacity: Self.size / MemoryLayout<Int64>.size)
    }

    /// The second word is the first one's complement: one that was cut off in writing is not taken for another.
    func store(_ word: Int64, at first: Int) {
        words[first].store(word, ordering: .releasing)
        words[first + 1].store(~word, ordering: .releasing)
    }

    func unmap() { munmap(page, Self.size) }
}
