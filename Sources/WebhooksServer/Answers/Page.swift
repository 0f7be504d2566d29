internal import WebhookCore

/// The part of a list that a request asks for.
struct PageRequest: Sendable {
    static let largest = 250

    var limit: Int
    /// The key behind which it begins.
    var key: String?
    /// `true` where it lies before the key, in the list's order.
    var isBackward = false
    /// `true` where the list itself descends.
    var isDescending: Bool

    /// - Parameters:
    ///   - ordered: whether the client may choose the order.
    ///   - isKey: says whether a text can be a key of the list.
    init(
        _ query: QueryParameters,
        descending: Bool,
        ordered: Bool = false,
        isKey: (String) -> Bool
    ) throws(APIError) {
        limit = try query.integer("limit", 1...Self.largest) ?? 50
        isDescending = descending
        if ordered, let order = try query.choice("order", of: ["ascending", "descending"]) {
            isDescending = order == "descending"
        }
        if var text = query.text("iterator") {
            if text.hasPrefix("-") {
                isBackward = true
                text.removeFirst()
            }
            guard isKey(text) else {
                throw APIError(FieldProblem(query: "iterator", "is none that this list has given"))
            }
            key = text
        }
    }

    /// The walk over rows: one more than the page, to know whether there are more.
    var walk: PageWalk { PageWalk(from: key, isDescending: walksDown, limit: limit + 1) }

    /// `true` where rows are read in descending order.
    var walksDown: Bool { isDescending != isBackward }
}

/// A page of a list.
struct Page<Item: Sendable>: Sendable {
    var items: [Item]
    /// Nothing follows in the direction of the walk.
    var isDone: Bool
    /// The key behind which the walk goes on, where it has looked at as many rows as one request may and found fewer than asked for.
    private let stop: String?
    private let isBackward: Bool

    /// - Parameters:
    ///   - rows: in the order of the walk, one more than the page where there are more.
    ///   - stop: the key of the last row that was looked at, where there may be more behind it.
    init(_ rows: [Item], _ request: PageRequest, stop: String? = nil) {
        self.stop = rows.count > request.limit ? nil : stop
        isDone = rows.count <= request.limit && stop == nil
        isBackward = request.isBackward
        items = Array(rows.prefix(request.limit))
        if request.isBackward { items.reverse() }
    }

    /// The answer.
    func value(key: (Item) -> String, _ form: (Item) -> APIValue) -> APIValue {
        var members: [(String, APIValue)] = [
            ("data", .array(items.map(form))), ("iterator", .text((isBackward ? nil : stop) ?? items.last.map(key))),
        ]
        if let first = (isBackward ? stop : nil) ?? items.first.map(key) {
            members.append(("prevIterator", .string("-" + first)))
        }
        members.append(("done", .bool(isDone)))
        return .object(members)
    }
}
