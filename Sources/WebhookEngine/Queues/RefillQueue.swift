internal import DequeModule

/// The reads for the queues' buffers: so many deliveries a transaction, the others' reads wait for the next.
struct RefillQueue {
    /// A transaction reads about so many deliveries into the buffers: some milliseconds.
    static let rowsPerTransaction = 2048

    /// The most deliveries that reads under way bring.
    private(set) var rowsUnderWay = 0
    /// Queues whose reads wait for the next transaction.
    private var waiting: Deque<Int> = []
    private var isWaiting: Set<Int> = []

    mutating func begin(rows: Int) { rowsUnderWay += rows }

    /// Reads have ended, well or not.
    mutating func end(rows: Int) { rowsUnderWay -= rows }

    /// A queue's read has to wait.
    mutating func wait(_ queue: Int) {
        if isWaiting.insert(queue).inserted { waiting.append(queue) }
    }

    /// The next queue whose read has waited.
    mutating func next() -> Int? {
        guard let queue = waiting.popFirst() else { return nil }
        isWaiting.remove(queue)
        return queue
    }
}
