internal import Dispatch
internal import Glibc
internal import Logging
package import WebhookCore
internal import WebhookRegistry

/// Copies everything from one store into another, of any kind. See ``StoreCopy``.
package struct StoreMove: Sendable {
    let source: StoreLocation
    let target: StoreLocation

    /// - Parameter schema: that of stores on PostgreSQL; `nil`: the standard one.
    /// - Throws: ``WebhooksError`` with `configuration` where a text names no store.
    package init(from source: String, to target: String, schema: String? = nil) throws(WebhooksError) {
        self.source = try Self.location(source, schema)
        self.target = try Self.location(target, schema)
    }

    private static func location(_ text: String, _ schema: String?) throws(WebhooksError) -> StoreLocation {
        if let problem = StoreArgument.problem(text) { throw WebhooksError(.configuration, "a store \(problem)") }
        guard let location = StoreLocationParser.parse(text) else {
            throw WebhooksError(.configuration, "a store \(StoreLocationParser.grammar)")
        }
        guard let schema, case .postgres(let url, _, let password) = location else { return location }
        return .postgres(url, schema: schema, password: password)
    }

    /// Copies, or goes on where it was stopped: both stores are held against dispatchers meanwhile.
    ///
    /// - Parameters:
    ///   - restart: whether what an unfinished copy holds is deleted first.
    ///   - progress: told of every page, on a queue of its own.
    /// - Throws: ``WebhooksError`` with `refused` where the target holds something else, else with `store`. Cancelling the task
    ///   ends it at the next page; what was copied stays.
    package func run(
        restart: Bool = false,
        progress: @escaping @Sendable (StoreCopy.Progress) -> Void = { _ in }
    ) async throws(WebhooksError) -> [StoreCopy.TableResult] {
        let isStopped = SharedFlag()
        let result: Result<[StoreCopy.TableResult], StoreError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // It waits for disks and networks, which no thread of the concurrency pool should.
                DispatchQueue(label: "webhooks.store.copy").async { [source, target] in
                    continuation.resume(
                        returning: Result { () throws(StoreError) in
                            try Self.copy(source, target, restart, isStopped, progress)
                        }
                    )
                }
            }
        } onCancel: {
            isStopped.raise()
        }
        do throws(StoreError) {
            return try result.get()
        } catch {
            throw error.code == .refused ? WebhooksError(.refused, error.message) : WebhooksError(error)
        }
    }

    /// The damage in the copy, which was there before: rows are copied byte for byte, with the checksums that they had.
    ///
    /// - Returns: `nil`: it is sound.
    package func damage() async throws(WebhooksError) -> String? {
        do throws(WebhooksError) {
            let copy = WebhookLog(location: target, logger: Logger(label: "webhooks"))
            return try await copy.integrityProblems().first
        } catch  where error.store?.code == .damaged {
            return error.text(for: .commandLine)
        }
    }

    private static func copy(
        _ source: StoreLocation,
        _ target: StoreLocation,
        _ restart: Bool,
        _ isStopped: SharedFlag,
        _ progress: @escaping @Sendable (StoreCopy.Progress) -> Void
    ) throws(StoreError) -> [StoreCopy.TableResult] {
        // Each holds its store: the second would find the first, and take it for a dispatcher.
        guard !areSame(source, target) else {
            throw StoreError(.refused, "\(source) and \(target) are the same store")
        }
        let from = try source.access().copySource()
        defer { from.close() }
        let to = try target.access().copyTarget()
        defer { to.close() }
        return try StoreCopy(from: from, to: to, isStopped: { isStopped.isRaised }, progress: progress).run(
            restart: restart
        )
    }

    /// Tells whether two locations lead to one store, as far as they say.
    private static func areSame(_ source: StoreLocation, _ target: StoreLocation) -> Bool {
        switch (source, target) {
        case (.sqlite(let path, let prefix), .sqlite(let other, let otherPrefix)):
            prefix == otherPrefix && resolved(path) == resolved(other)
        case (.postgres(let url, let schema, _), .postgres(let other, let otherSchema, _)):
            schema == otherSchema && url == other
        default: false
        }
    }

    private static func resolved(_ path: String) -> String {
        guard let found = realpath(path, nil) else { return path }
        defer { free(found) }
        return String(cString: found)
    }
}
