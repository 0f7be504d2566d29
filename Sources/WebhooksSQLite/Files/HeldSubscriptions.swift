internal import Glibc

/// The subscriptions that a dispatcher can't send to because of their settings, for those that look at the store beside it: the
/// lines of `UnusableSubscriptions`.
///
/// Their names stand in the lock's file, behind ``SignOfLife``.
package struct HeldSubscriptions: Sendable, Hashable {
    private static let place: off_t = 1536
    private static let size = 16_384
    private static let lineFeed = UInt8(ascii: "\n")

    /// As many as there is room for.
    package var names: [String]
    /// All of them.
    package var count: Int

    package init(_ names: [String]) {
        self.names = names
        count = names.count
    }

    /// - Returns: `nil` for anything but a list of that process.
    init?(_ bytes: some Collection<UInt8>, of processID: Int32) {
        let lines = bytes.split(separator: Self.lineFeed).map { String(decoding: $0, as: UTF8.self) }
        let parts = (lines.first ?? "").split(separator: " ")
        guard parts.count == 2, parts[0] == "\(processID)", let count = Int(parts[1]), count >= 0 else { return nil }
        names = Array(lines.dropFirst().prefix(count))
        self.count = count
    }

    func bytes(of processID: Int32) -> [UInt8] {
        var bytes = Array("\(processID) \(count)\n".utf8)
        for name in names where bytes.count + name.utf8.count + 1 < Self.size { bytes += Array("\(name)\n".utf8) }
        return bytes + [UInt8](repeating: Self.lineFeed, count: Self.size - bytes.count)
    }

    /// Reads what the dispatcher of a store holds; nothing where that process has said nothing.
    package static func read(
        storePath: String,
        _ prefix: TablePrefix = .standard,
        of processID: Int32
    ) -> HeldSubscriptions {
        let descriptor = open(StoreFiles(storePath, prefix).lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return HeldSubscriptions([]) }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(descriptor, &bytes, size, place)
        return HeldSubscriptions(bytes.prefix(max(0, count)), of: processID) ?? HeldSubscriptions([])
    }

    func write(_ descriptor: Int32, of processID: Int32) {
        // Where nothing was ever held, there is nothing to take back.
        var first: UInt8 = 0
        if names.isEmpty, pread(descriptor, &first, 1, Self.place) < 1 { return }
        let bytes = bytes(of: processID)
        _ = pwrite(descriptor, bytes, bytes.count, Self.place)
    }
}

/// The refusal of the configuration on the disk by a dispatcher that goes on with the one before, for those that look at the
/// store beside it.
///
/// It stands in the lock's file, between ``SignOfLife`` and ``HeldSubscriptions``.
package enum RefusedConfiguration {
    private static let place: off_t = 1344
    private static let size = 64
    private static let lineFeed = UInt8(ascii: "\n")

    /// The number of its problems; 0 where that process has refused none.
    package static func read(
        storePath: String,
        _ prefix: TablePrefix = .standard,
        of processID: Int32
    ) -> Int {
        let descriptor = open(StoreFiles(storePath, prefix).lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: size)
        let count = pread(descriptor, &bytes, size, place)
        let line = String(decoding: bytes.prefix(max(0, count)).prefix { $0 != lineFeed }, as: UTF8.self)
        let parts = line.split(separator: " ")
        guard parts.count == 2, parts[0] == "\(processID)", let problems = Int(parts[1]), problems > 0 else { return 0 }
        return problems
    }

    /// - Parameter problems: 0 takes back what was said.
    static func write(_ problems: Int, _ descriptor: Int32, of processID: Int32) {
        let text = Array("\(processID) \(problems)\n".utf8)
        let bytes = text + [UInt8](repeating: lineFeed, count: max(0, size - text.count))
        _ = pwrite(descriptor, bytes, size, place)
    }
}
