package import WebhookCore

extension WebhookLog {
    /// Writes deliveries with their events' data, newest first, in constant memory.
    ///
    /// A delivery is a line; an event that nobody subscribed to has none. What is stored meanwhile is not in it.
    /// - Parameters:
    ///   - query: which deliveries; its limit counts for a page only.
    ///   - format: of the lines.
    ///   - write: gets some lines at a time; `false` ends the export.
    package func export(
        _ query: DeliveryQuery = DeliveryQuery(),
        as format: ExportFormat,
        write: (_ lines: [UInt8]) throws -> Bool
    ) async throws {
        // Not before the store has answered: what fails leaves no file with a header alone.
        var header = format.header
        try await export(query) { page in
            let lines = page.reduce(into: header) { $0 += format.line($1) }
            header = []
            return try write(lines)
        }
        if !header.isEmpty { _ = try write(header) }
    }

    /// Hands out deliveries with their events' data, newest first, a page at a time.
    ///
    /// - Parameters:
    ///   - query: which deliveries; its limit counts for a page only.
    ///   - visit: gets a page; `false` ends it.
    package func export(
        _ query: DeliveryQuery = DeliveryQuery(),
        visit: (_ page: [ExportedDelivery]) throws -> Bool
    ) async throws {
        var query = query
        query.limit = 500
        while true {
            let page = try await exportPage(query)
            guard let last = page.last, try visit(page) else { return }
            query.after = last.delivery.id
            try Task.checkCancellation()
        }
    }

    /// A page of an export; go on behind its last delivery.
    package func exportPage(_ query: DeliveryQuery) async throws(WebhooksError) -> [ExportedDelivery] {
        try await read { log throws(StoreError) in try await log.exportPage(query) }
    }
}
