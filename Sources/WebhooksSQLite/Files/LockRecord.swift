internal import Glibc
package import WebhookCore

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
    /// True when the dispatcher makes no more attempts, and ends.
    var isStopping = false
    /// The files that the dispatcher has open; `nil`: it has not said.
    var files: String?
    /// The reason why the store doesn't take what the dispatcher records, by the error's code; `nil`: it does.
    var trouble: String?
    /// The program that holds it; `nil`: an older one, or there was no room.
    var program: DispatcherLock.Program?

    init(
        holder: DispatcherLock.Holder,
        files: String? = nil,
        trouble: String? = nil,
        program: DispatcherLock.Program? = nil
    ) {
        self.holder = holder
        self.files = files
        self.trouble = trouble
        self.program = program
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
        program = texts.dropFirst(3).first.flatMap { DispatcherLock.Program($0) }
    }

    /// The record, padded to its size.
    var bytes: [UInt8] {
        var bytes = Array("\(holder.processID) \(holder.role)\(isStopping ? " \(Self.stopping)" : "")\n".utf8)
        // Half of a list would be taken for other files.
        if let files, bytes.count + files.utf8.count < Self.size { bytes += files.utf8 }
        var third: [UInt8] = [Self.lineFeed]
        if let trouble, bytes.count + trouble.utf8.count + 1 < Self.size { third += trouble.utf8 }
        if third.count > 1 { bytes += third }
        if let program {
            let line = (third.count > 1 ? [] : third) + [Self.lineFeed] + program.text.utf8
            if bytes.count + line.count < Self.size { bytes += line }
        }
        return bytes.prefix(Self.size - 1) + [UInt8](repeating: Self.lineFeed, count: max(1, Self.size - bytes.count))
    }
}

extension DispatcherLock {
    /// The program that holds a lock.
    package struct Program: Sendable, Hashable {
        package var version: String
        /// The machine's name.
        package var host: String
        /// The time at which it took the lock.
        package var since: Timestamp

        package init(version: String, host: String, since: Timestamp) {
            self.version = version
            self.host = host
            self.since = since
        }

        /// The longest name of a machine that has room beside the rest.
        private static let hostLimit = 64

        /// This process's.
        static func current(at now: Timestamp) -> Program {
            Program(version: ProductVersion.current, host: LocalHost.name, since: now)
        }

        /// `0.1.0 1764288000000 host`, without anything that would end the line.
        var text: String {
            let name = host.unicodeScalars.filter { $0.value > 0x20 && $0.value < 0x7F }.prefix(Self.hostLimit)
            return "\(version) \(since.milliseconds) \(String(String.UnicodeScalarView(name)))"
        }

        /// - Returns: `nil` for anything but such a line.
        init?(_ text: String) {
            let parts = text.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, !parts[0].isEmpty, let since = Int64(parts[1]) else { return nil }
            self.init(version: String(parts[0]), host: String(parts[2]), since: Timestamp(milliseconds: since))
        }
    }
}
