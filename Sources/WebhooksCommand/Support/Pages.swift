internal import WebhookCore
internal import Webhooks

/// Reads long lists in pieces.
enum Pages {
    private static let size = 500

    /// Asks for pieces until `limit` rows have come, there are no more, or nobody reads the output any more.
    ///
    /// - Parameter next: asks for at most the given number of rows, goes on behind the last next time, and tells how
    ///   many came.
    /// - Returns: whether the limit ended it although there may be more.
    static func walk(limit: Int, _ next: (Int) async throws -> Int) async throws -> Bool {
        var left = limit
        while left > 0, !Output.standard.isBroken {
            let wanted = min(left, size)
            let count = try await next(wanted)
            left -= count
            if count < wanted { return false }
        }
        return left == 0
    }

    /// Says that a list goes on, and how to see more of it.
    static func noteCut(_ shown: Int, after id: String, asJSON: Bool) {
        Notice.note("limit", "\(shown) shown; more: --after \(id), or a higher --limit", asJSON: asJSON)
    }

    /// Prints a table; where it is empty, says so to people and prints nothing for a pipe but the header.
    static func write(_ table: Table, empty: String) {
        if table.isEmpty {
            Output.error.writeLine(empty)
        } else {
            table.write()
        }
    }
}

extension WebhookLog {
    /// A delivery by what a person typed for its id; `nil` where there is none.
    ///
    /// The store is asked even for what can't be an id: that there is no store comes before that there is no such row.
    func delivery(named text: String) async throws(WebhooksError) -> Delivery? {
        guard let id = Delivery.ID(text) else {
            var query = DeliveryQuery()
            query.limit = 1
            _ = try await deliveries(query)
            return nil
        }
        return try await delivery(id)
    }

    /// All deliveries of events, oldest first.
    func deliveries(ofEvents ids: [String]) async throws(WebhooksError) -> [Delivery] {
        var query = DeliveryQuery()
        query.events = ids
        query.limit = 1000
        var found: [Delivery] = []
        while true {
            let page = try await deliveries(query)
            found += page
            guard page.count == query.limit, let last = page.last else { return found.reversed() }
            query.after = last.id
        }
    }
}
