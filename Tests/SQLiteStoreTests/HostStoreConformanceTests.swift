import Dispatch
import GRDB
import Testing
import WebhookCore
import WebhookSimulation

@testable import WebhooksSQLite

@Suite("The store in a host's database")
struct HostStoreConformanceTests {
    @Test(
        "Keeps every promise",
        arguments: StoreConformance.allChecks + StoreConformance.subscriptionChecks + StoreConformance.platformChecks,
        HostedDatabase.Kind.allCases
    )
    func keepsPromise(_ check: StoreConformance.Check, _ kind: HostedDatabase.Kind) async throws {
        let host = try HostedDatabase(kind)
        let harness = StoreConformance.Harness(
            open: { try await host.store(.dispatcher) },
            connect: { _ in
                // Another process has connections of its own; within the process, all share the host's.
                if kind == .pool || kind == .prefixed {
                    return try SQLiteStore.open(path: host.folder.file(), host.prefix, role: .writer)
                }
                return try await host.store(.writer)
            },
            sabotage: { try await $0.limitPages(true) },
            repair: { try await $0.limitPages(false) }
        )
        try await check.run(on: harness)
    }
}

/// A database that a host has opened and migrated.
final class HostedDatabase: Sendable {
    enum Kind: CaseIterable {
        case pool, queue, memory
        /// A pool, in which our tables have other names.
        case prefixed
    }

    let folder: TemporaryFolder
    let writer: any DatabaseWriter
    let prefix: TablePrefix

    init(_ kind: Kind) throws {
        prefix = kind == .prefixed ? try TablePrefix("lms_hooks_") : .standard
        folder = try TemporaryFolder()
        var configuration = Configuration()
        switch kind {
        case .pool, .prefixed: writer = try DatabasePool(path: folder.file(), configuration: configuration)
        case .queue:
            configuration.journalMode = .wal
            writer = try DatabaseQueue(path: folder.file(), configuration: configuration)
        case .memory: writer = try DatabaseQueue(configuration: configuration)
        }
        try writer.write { db in
            try SQLiteStore.migrate(db, prefix)
            try db.execute(sql: "CREATE TABLE notes (id INTEGER PRIMARY KEY, text BLOB)")
        }
    }

    func store(
        _ role: SQLiteStore.Role,
        turnLimit: Duration = HostTurns.usualLimit
    ) async throws -> SQLiteStore {
        try await SQLiteStore(sharing: HostDatabase.open(writer, prefix), role: role, turnLimit: turnLimit)
    }

    /// Holds the writer until it is let go of.
    func hold() -> HeldWriter { HeldWriter(writer) }
}

/// A host's writer that is held, as by a transaction that waits for something.
final class HeldWriter: Sendable {
    private let end = DispatchSemaphore(value: 0)

    init(_ writer: any DatabaseWriter) {
        let begun = DispatchSemaphore(value: 0)
        let end = end
        writer.asyncWriteWithoutTransaction { _ in
            begun.signal()
            end.wait()
        }
        begun.wait()
    }

    func letGo() { end.signal() }
}
