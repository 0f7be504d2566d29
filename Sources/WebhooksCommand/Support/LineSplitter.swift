internal import Glibc

/// Cuts a stream of bytes into numbered lines, and keeps no more of a line than it may have.
struct LineSplitter {
    private let limit: Int
    private var line: [UInt8] = []
    private var isTooLong = false
    private var number = 0

    init(limit: Int) {
        self.limit = limit
    }

    mutating func add(
        _ chunk: [UInt8],
        _ handle: (Int, InputReader.Line) throws(CommandFailure) -> Void
    ) throws(CommandFailure) {
        var rest = chunk[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end])
            try self.end(handle)
            rest = rest[(end + 1)...]
        }
        take(rest)
    }

    /// The end of the stream: what stands after the last line feed is a line too.
    mutating func finish(_ handle: (Int, InputReader.Line) throws(CommandFailure) -> Void) throws(CommandFailure) {
        if !line.isEmpty || isTooLong { try end(handle) }
    }

    private mutating func take(_ part: ArraySlice<UInt8>) {
        if isTooLong { return }
        if line.count + part.count > limit {
            isTooLong = true
            line = []
        } else {
            line += part
        }
    }

    private mutating func end(_ handle: (Int, InputReader.Line) throws(CommandFailure) -> Void) throws(CommandFailure) {
        number += 1
        let ended: InputReader.Line = isTooLong ? .tooLong : .bytes(line)
        line = []
        isTooLong = false
        try handle(number, ended)
    }
}
