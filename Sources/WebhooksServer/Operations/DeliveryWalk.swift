internal import WebhookCore

/// This is a walk over the deliveries of an endpoint, in the order of their rows: an attempt that is repeated later stands with
/// its delivery.
///
/// The log reads downwards only. Upwards, the walk reads the newest of a window of rows above where it is, wide enough to hold
/// some, and narrow enough to be read whole.
struct DeliveryWalk {
    /// Reads deliveries of the log.
    typealias Read = @Sendable (DeliveryQuery) async throws(APIError) -> [Delivery]

    private let read: Read
    private let page: PageRequest
    private let start: AttemptID?
    private var query = DeliveryQuery()
    private var buffer: [Delivery] = []
    private var isAtEnd = false
    /// The deliveries that may still be given.
    private var left: Int
    /// Upwards: the row that has been come to, and the one above which there is none.
    private var row: Int64
    private var highest: Int64?
    private var last: Delivery?
    private var width = Int64(Self.part)

    /// The most deliveries that one request looks at: each has reads of its own.
    static let most = 2000
    private static let part = 100

    init(_ name: String, _ page: PageRequest, most: Int = Self.most, _ read: @escaping Read) {
        (self.read, self.page, left) = (read, page, most)
        let start = page.key.flatMap { AttemptID($0) }
        self.start = start
        query.subscription = name
        query.limit = Self.part
        // The delivery itself may have more attempts. An id that was made by hand may be the last there can be.
        if let start, page.walksDown { query.after = Delivery.ID(rawValue: min(start.delivery.rawValue, .max - 1) + 1) }
        row = max(0, (start?.delivery.rawValue ?? 1) - 1)
    }

    /// The id behind which to go on, where the walk has looked at as many as one request may: behind all attempts of a delivery.
    var stop: AttemptID? {
        guard left == 0, !isAtEnd || !buffer.isEmpty, let last else { return nil }
        return AttemptID(startedAt: last.createdAt, delivery: last.id, number: page.walksDown ? 1 : Int(UInt16.max))
    }

    /// Tells whether an attempt lies behind the page's beginning.
    func isBeyond(_ id: AttemptID) -> Bool {
        guard let start else { return true }
        let (left, right) = ((id.delivery.rawValue, id.number), (start.delivery.rawValue, start.number))
        return page.walksDown ? left < right : left > right
    }

    mutating func next() async throws(APIError) -> Delivery? {
        guard left > 0 else { return nil }
        while buffer.isEmpty, !isAtEnd { try await fill() }
        guard !buffer.isEmpty else { return nil }
        left -= 1
        last = buffer.removeFirst()
        return last
    }

    private mutating func fill() async throws(APIError) {
        if !page.walksDown { return try await climb() }
        buffer = try await read(query)
        isAtEnd = buffer.count < query.limit
        query.after = buffer.last?.id
    }

    private mutating func climb() async throws(APIError) {
        if highest == nil {
            var newest = query
            newest.limit = 1
            highest = try await read(newest).first?.id.rawValue ?? 0
        }
        guard let highest, row < highest else {
            isAtEnd = true
            return
        }
        let top = highest - row > width ? row + width : highest
        query.after = Delivery.ID(rawValue: top + 1)
        let found = try await read(query).filter { $0.id.rawValue > row }
        // The lowest may be missing: there is more in the window than was read.
        if found.count == query.limit, top - row > Int64(query.limit) {
            width = max(Int64(Self.part), width / 4)
            return
        }
        buffer = found.reversed()
        row = top
        if found.count < query.limit / 2, top < highest { width *= 2 }
    }
}
