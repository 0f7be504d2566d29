import Foundation
import Glibc

/// The PostgreSQL server that a storm works on, and how it is mistreated.
struct StormDatabase: Sendable {
    /// As libpq reads it; its role is a superuser.
    let url: String
    /// The server's data, where its process is named.
    let data: String
    let schema: String

    /// The process that all sessions belong to.
    private var postmaster: pid_t? {
        let file = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8)
        return file?.split(separator: "\n").first.flatMap { pid_t($0) }
    }

    /// Ends the server without a checkpoint or a word to its clients; Tests/postgres.sh starts it again.
    func restartImmediately() { if let postmaster { kill(postmaster, SIGQUIT) } }

    /// The words of a psql that runs a statement; several in one are one transaction.
    func psql(_ statement: String) -> [String] {
        ["psql", "-qAtX", "-v", "ON_ERROR_STOP=1", url, "-c", statement]
    }

    /// A configuration with this store, which replaces a silent node within two seconds.
    func configuration(subscriptions: String) -> String {
        """
        store: { url: '\(url)', schema: \(schema) }
        egress: { allow: ["127.0.0.0/8"] }
        dispatcher: { maxInFlight: 64, shutdownGrace: 20s, lease: 2s }
        subscriptions:
        \(subscriptions)

        """
    }
}
