/// Copies everything that one store holds into another.
///
/// Page by page, each compared before it is written: what the target holds already is passed over, so a copy that was stopped
/// goes on by being started again, and rows that the source has changed meanwhile are taken over. At the end everything in the
/// target is read again, and counts and checksums of each table are compared.
package struct StoreCopy {
    /// A step of the work, for people who wait.
    package struct Progress: Sendable, Hashable {
        package enum Phase: Sendable { case copying, verifying }

        package var phase: Phase
        package var table: String
        /// Rows of the table that are done.
        package var rows: Int
    }

    /// A table's part of the result.
    package struct TableResult: Sendable, Hashable {
        package var table: String
        package var rows: Int
        /// Rows that were written now; the others were there.
        package var written: Int
        package var checksum: Int64
    }

    /// The most times to begin again because the source has changed.
    static let mostRounds = 5

    let source: any StoreCopySource
    let target: any StoreCopyTarget
    let limit: PageLimit
    let isStopped: () -> Bool
    let progress: (Progress) -> Void

    package init(
        from source: any StoreCopySource,
        to target: any StoreCopyTarget,
        limit: PageLimit = .standard,
        isStopped: @escaping () -> Bool = { false },
        progress: @escaping (Progress) -> Void = { _ in }
    ) {
        (self.source, self.target, self.limit) = (source, target, limit)
        (self.isStopped, self.progress) = (isStopped, progress)
    }

    /// Copies, or goes on copying.
    ///
    /// - Parameter restart: whether what an unfinished copy holds is deleted first.
    /// - Throws: ``StoreError``: `refused` where the target holds something else, `damaged` where the copy is not equal in the
    ///   end, `busy` where the source is written to again and again.
    package func run(restart: Bool = false) throws(StoreError) -> [TableResult] {
        try refuseHomeless()
        try begin(restart: restart)
        var written: [String: Int] = [:]
        for _ in 0..<Self.mostRounds {
            try source.beginView()
            var results: [TableResult] = []
            for table in target.tables where source.tables.contains(table) {
                var result = try reconcile(table)
                written[table.name, default: 0] += result.written
                result.written = written[table.name] ?? 0
                results.append(result)
            }
            for result in results { try verify(result) }
            let marks = try source.marks()
            if try source.whileUnchanged({ () throws(StoreError) in try target.finish(marks) }) {
                try target.settle()
                return results
            }
        }
        throw StoreError(
            .busy,
            "\(source.name) is written to all the time: stop what emits to it, then the same command goes on"
        )
    }

    /// Refuses to leave behind what only the source's kind of store can hold.
    private func refuseHomeless() throws(StoreError) {
        try source.beginView()
        for table in source.tables where !target.tables.contains(table) {
            let rows = try source.rows(of: table, in: KeyRange(), limit: PageLimit(rows: 1, bytes: .max))
            guard !rows.isEmpty else { continue }
            throw StoreError(
                .refused,
                "\(source.name) holds \(table.name), which \(target.name) can't hold: this kind of store has no such table"
            )
        }
    }

    private func begin(restart: Bool) throws(StoreError) {
        guard source.identity != target.identity else {
            throw StoreError(.refused, "\(source.name) and \(target.name) are the same store")
        }
        let origin = CopyOrigin(identity: source.identity, name: source.name)
        switch try target.state() {
        case .empty: try target.begin(origin, emptied: false)
        case .unfinished where restart: try target.begin(origin, emptied: true)
        case .unfinished(let found) where found.identity == origin.identity: break
        case .unfinished(let found):
            throw StoreError(
                .refused,
                "\(target.name) is an unfinished copy of \(found.name): go on with that one, or begin again with --restart"
            )
        case .occupied where try isCopied():
            throw StoreError(
                .refused,
                """
                \(target.name) is a finished copy of \(source.name), and stays as it is: `webhooks check --store` looks at it, and \
                with it as `store` dispatchers go on there. What was emitted to \(source.name) since is not in it: for that, copy \
                to a new place
                """
            )
        case .occupied(let what):
            throw StoreError(
                .refused,
                "\(target.name) holds \(what) already: copy to a new file, or to a schema or database without a store"
            )
        }
    }

    /// Tells whether the target has events of the source in the same rows, as a finished copy does. The rest of them may have
    /// changed since in either.
    private func isCopied() throws(StoreError) -> Bool {
        let table = StoredTable.events
        let columns = [Int](0..<table.keyCount) + ["event_id", "created_at"].map { table.position(of: $0) }
        let rows = try source.rows(of: table, in: KeyRange(), limit: limit).map { target.accepted($0, of: table) }
        guard let last = rows.last else { return false }
        let range = KeyRange(after: nil, upTo: Array(last.prefix(table.keyCount)))
        let known = try target.rows(of: table, in: range, limit: limit)
        func places(_ rows: [CopiedRow]) -> Set<CopiedRow> { Set(rows.map { row in columns.map { row[$0] } }) }
        return !places(rows).isDisjoint(with: places(known))
    }

    // MARK: A table

    /// Makes the target's rows equal to the source's.
    private func reconcile(_ table: StoredTable) throws(StoreError) -> TableResult {
        var result = TableResult(table: table.name, rows: 0, written: 0, checksum: 0)
        var checksum = Checksum()
        var after: CopiedRow?
        while true {
            try heedStop()
            let rows = try source.rows(of: table, in: KeyRange(after: after), limit: limit)
                .map { target.accepted($0, of: table) }
            let upTo = rows.last.map { Array($0.prefix(table.keyCount)) }
            let range = KeyRange(after: after, upTo: upTo)
            let known = try target.rows(of: table, in: range, limit: PageLimit(rows: rows.count + 1, bytes: .max))
            if known != rows {
                if table == .events { try refuseForeign(known, beside: rows) }
                try target.replace(range, of: table, with: rows)
                result.written += rows.count
            }
            for row in rows { checksum.add(row) }
            result.rows += rows.count
            progress(Progress(phase: .copying, table: table.name, rows: result.rows))
            guard let upTo else { break }
            after = upTo
        }
        result.checksum = checksum.value
        return result
    }

    /// Refuses to delete an event that only the target has: somebody may have been told that it is stored.
    private func refuseForeign(_ known: [CopiedRow], beside rows: [CopiedRow]) throws(StoreError) {
        let name = StoredTable.events.position(of: "event_id")
        let ours = Set(rows.map { $0[name] })
        guard let other = known.first(where: { !ours.contains($0[name]) }) else { return }
        throw StoreError(
            .refused,
            """
            \(target.name) holds the event \(other[name].text ?? "?"), which \(source.name) doesn't: it was emitted there, or \
            pruned here since the copy began; --restart begins again without it
            """
        )
    }

    /// Reads the target's rows again.
    private func verify(_ result: TableResult) throws(StoreError) {
        guard let table = target.tables.first(where: { $0.name == result.table }) else { return }
        var checksum = Checksum()
        var count = 0
        var after: CopiedRow?
        while true {
            try heedStop()
            let rows = try target.rows(of: table, in: KeyRange(after: after), limit: limit)
            guard let last = rows.last else { break }
            for row in rows { checksum.add(row) }
            count += rows.count
            after = Array(last.prefix(table.keyCount))
            progress(Progress(phase: .verifying, table: table.name, rows: count))
        }
        guard count == result.rows, checksum.value == result.checksum else {
            throw StoreError(
                .damaged,
                """
                \(target.name): the copy of \(table.name) is not equal: \(count) rows where there should be \(result.rows), or \
                other contents; the same command compares and mends it
                """
            )
        }
    }

    private func heedStop() throws(StoreError) {
        guard isStopped() else { return }
        throw StoreError(
            .unavailable,
            "the copy to \(target.name) was stopped, and nothing is lost: the same command goes on where it was"
        )
    }
}
