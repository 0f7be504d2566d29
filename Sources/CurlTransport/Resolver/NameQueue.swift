/// Names, first in first out.
struct NameQueue {
    private var names: [String] = []
    private var head = 0

    var count: Int { names.count - head }

    mutating func append(_ name: String) { names.append(name) }

    mutating func popFirst() -> String? {
        guard head < names.count else { return nil }
        defer {
            head += 1
            // Moving the rest costs as much as was taken since the last time, so an element costs the same on average.
            if head * 2 > names.count {
                names.removeFirst(head)
                head = 0
            }
        }
        return names[head]
    }
}
