internal import GRDB
public import WebhookCore

extension SQLiteStore {
    /// Takes rows into the indexes by which the log is searched, oldest first: one short transaction.
    ///
    /// A dispatcher calls it now and then. What is not listed yet is found all the same, by reading every such row.
    /// - Parameter portion: so many events and so many deliveries; fewer are left for another time. Defaults to
    ///   ``listingPortion``.
    /// - Returns: how many rows were taken, and how many are left.
    /// - Throws: ``StoreError``.
    @discardableResult
    public func listNewRows(portion: Int = listingPortion) async throws(StoreError) -> ListingResult {
        let stamp = LogStamp(files.wal)
        // A dispatcher at rest leaves the disk alone.
        if let stamp, let known = listedLog.withLock({ $0 }), known.stamp == stamp, known.portion == portion {
            return known.result
        }
        // Only for a whole portion do other writers have to wait.
        var result = try await read { try Listing(db: $0).look(portion: portion) }
        if result.left >= portion {
            result = try await writeItems { try Listing(db: $0.db).run(portion: portion, $0, $1) }
        }
        listedLog.withLock { $0 = result.listed == 0 ? stamp.map { ($0, portion, result) } : nil }
        return result
    }

    /// How many rows one transaction takes into the indexes: a millisecond or two, which is what an emit may wait for it.
    public static let listingPortion = 100

    /// Does the same for at most so many portions, and gives up on an error.
    func listNewRowsNow(portions: Int) {
        guard let writer else { return }
        for _ in 0..<portions {
            let count = try? writer.writeWithoutTransaction { db in
                try items(db) { try Listing(db: $0.db).run(portion: Self.listingPortion, $0, $1) }.get().listed
            }
            guard let count, count > 0 else { return }
        }
    }
}

/// What a portion of listing came to.
public struct ListingResult: Sendable, Hashable {
    /// Rows that were taken into the indexes; 0: there was no whole portion.
    public var listed: Int
    /// Rows that are not in the indexes, about.
    public var left: Int
    /// Rows that the store would not change: they are not found by what they hold, and the others are.
    public var refused: [RefusedItem]

    public init(listed: Int, left: Int, refused: [RefusedItem] = []) {
        self.listed = listed
        self.left = left
        self.refused = refused
    }
}
