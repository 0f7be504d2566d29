import Foundation
import Testing
import WebhookSimulation

/// A store that the real binary works on: what the product promises, it promises on each.
enum TestStore: String, Sendable, CustomTestStringConvertible {
    case sqlite = "SQLite"
    /// A schema of its own on the tests' server.
    case postgres = "PostgreSQL"

    /// Those that are here: PostgreSQL inside Tests/postgres.sh.
    static var here: [TestStore] { PostgresServer.isHere ? [.sqlite, .postgres] : [.sqlite] }

    var testDescription: String { rawValue }
}

/// The PostgreSQL server of the tests.
enum PostgresServer {
    /// `nil`: there is none.
    static let url = ProcessInfo.processInfo.environment["WEBHOOKS_TEST_POSTGRES"]

    /// True when there is a server, and what was built knows PostgreSQL.
    static var isHere: Bool {
        #if PostgreSQL
            url != nil
        #else
            false
        #endif
    }

    /// Runs a statement by psql.
    static func run(_ statement: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", try #require(url), "-c", statement]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Problem("psql failed: \(statement)") }
        return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}

extension TestEnvironment {
    /// The schema in PostgreSQL, named after the folder, which no other test has.
    var schema: String {
        let name = URL(fileURLWithPath: folder).lastPathComponent
        return name.lowercased().replacing("-", with: "_")
    }

    /// The configuration's `store`, and what its `dispatcher` needs besides: several dispatchers wait for one another's leases.
    ///
    /// - Parameter path: of the database where it is SQLite's.
    func settings(of store: TestStore, path: String? = nil) -> (store: String, dispatcher: String) {
        switch store {
        case .sqlite: ("\"sqlite:\(path ?? "store/webhooks.sqlite")\"", "")
        case .postgres: ("{ url: '\(PostgresServer.url ?? "")', schema: \(schema) }", ", lease: 2s")
        }
    }

    /// Lets the leases of a dispatcher that was killed run out now; as they do by themselves, `ClusterTests` waits for.
    func endLeases(on store: TestStore) throws {
        guard store == .postgres else { return }
        // One that was killed before it made the table has none.
        let table = try PostgresServer.run("SELECT to_regclass('\(schema).nodes')")
        if !table.isEmpty { _ = try PostgresServer.run("UPDATE \(schema).nodes SET expires_at = 0") }
    }

    /// Removes the schema at the end of the test.
    func dropSchemaAtEnd() {
        atEnd { [schema] in _ = try? PostgresServer.run("DROP SCHEMA IF EXISTS \(schema) CASCADE") }
    }
}
