/// Several descending sequences of ids as one.
struct IDMerge {
    /// The next id of a sequence below a bound, or `nil` where there are no more.
    private let advance: (_ sequence: Int, _ below: Int64) throws -> Int64?
    /// The next id of every sequence that has one, ascending.
    private var heads: [(id: Int64, sequence: Int)] = []

    /// - Parameters:
    ///   - sequences: how many there are.
    ///   - below: where they begin.
    init(_ sequences: Int, below: Int64, next: @escaping (_ sequence: Int, _ below: Int64) throws -> Int64?) throws {
        advance = next
        for sequence in 0..<sequences {
            if let id = try next(sequence, below) { heads.append((id, sequence)) }
        }
        heads.sort { $0.id < $1.id }
    }

    /// The greatest id that is left.
    mutating func next() throws -> Int64? {
        guard let head = heads.popLast() else { return nil }
        if let id = try advance(head.sequence, head.id) {
            var (low, high) = (0, heads.count)
            while low < high {
                let middle = (low + high) / 2
                if heads[middle].id < id { low = middle + 1 } else { high = middle }
            }
            heads.insert((id, head.sequence), at: low)
        }
        return head.id
    }

    /// The greatest ids that are left, at most so many.
    mutating func next(_ count: Int) throws -> [Int64] {
        var ids: [Int64] = []
        while ids.count < count, let id = try next() { ids.append(id) }
        return ids
    }
}
