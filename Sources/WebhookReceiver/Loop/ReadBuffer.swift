internal import Glibc

/// A connection's input that isn't used up yet. Its memory is kept from request to request.
struct ReadBuffer: ~Copyable {
    enum Outcome {
        case bytes
        case end
        case wouldBlock
        case failed
    }

    private var memory: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0

    init() {
        memory = .allocate(byteCount: 4096, alignment: 16)
    }

    deinit {
        memory.deallocate()
    }

    var count: Int { end - start }

    /// The bytes that are there. Valid until the next read.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<end]) }

    mutating func consume(_ length: Int) {
        start += length
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Reads once from a socket; `expected` is how much there will be in all, where that is known.
    mutating func read(from descriptor: Int32, expected: Int?) -> Outcome {
        makeRoom(min(max(expected.map { $0 - count } ?? 0, 2048), 1 << 20))
        let result = recv(descriptor, memory.baseAddress.map { $0 + end }, memory.count - end, 0)
        if result > 0 {
            end += result
            return .bytes
        }
        if result == 0 { return .end }
        return errno == EAGAIN || errno == EINTR ? .wouldBlock : .failed
    }

    private mutating func makeRoom(_ room: Int) {
        guard memory.count - end < room else { return }
        if start > 0 {
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[start..<end]))
            end -= start
            start = 0
        }
        guard memory.count - end < room else { return }
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(memory.count * 2, end + room),
            alignment: 16
        )
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[0..<end]))
        memory.deallocate()
        memory = larger
    }
}
