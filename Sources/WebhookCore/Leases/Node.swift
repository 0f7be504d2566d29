/// A dispatcher's process among those of one store, in one of its terms.
///
/// A term is the epoch of every lease that the node holds: it ends where the store has declared the node dead, or where the
/// node no longer knows what it has written. What was begun in a term ends with it, for claims are fenced by the term.
package struct NodeID: Sendable, Hashable {
    /// Names the process: a random number.
    package var process: UInt64
    /// The number of times that the process has begun to hold leases; the first is 1.
    package var term: Int

    package init(process: UInt64, term: Int = 1) {
        self.process = process
        self.term = term
    }

    /// The term after this one.
    package var next: NodeID { NodeID(process: process, term: term + 1) }
}

extension NodeID: RawRepresentable, CustomStringConvertible {
    /// Sixteen hexadecimal digits and the term, such as `00c0ffee00c0ffee-1`.
    package var rawValue: String {
        let digits = String(process, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits + "-\(term)"
    }

    package init?(rawValue: String) {
        let parts = rawValue.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count == 16, let process = UInt64(parts[0], radix: 16),
            let term = Int(parts[1]), term > 0
        else { return nil }
        self.init(process: process, term: term)
    }

    package var description: String { rawValue }
}

/// The record of a node, as it writes it with each heartbeat.
package struct NodeRecord: Sendable, Hashable {
    package var id: NodeID
    package var host: String
    package var pid: Int32
    package var startedAt: Timestamp
    /// A hash of the subscriptions that the node knows: nodes that have the same share them out among themselves.
    package var configuration: String
    /// The time since which it has that; 0: an older program doesn't say.
    package var configuredAt = Timestamp(milliseconds: 0)
    /// The number of subscriptions that it serves.
    package var subscriptions = 0
    /// The time since the oldest delivery there was due; `nil`: nothing is late, or it isn't known.
    package var lag: Duration?

    package init(
        id: NodeID,
        host: String = "",
        pid: Int32 = 0,
        startedAt: Timestamp = Timestamp(milliseconds: 0),
        configuration: String = ""
    ) {
        self.id = id
        self.host = host
        self.pid = pid
        self.startedAt = startedAt
        self.configuration = configuration
    }
}

/// A node that is alive by the store's clock.
package struct LivingNode: Sendable, Hashable {
    package var record: NodeRecord
    /// The last heartbeat, by the store's clock.
    package var heartbeatAt: Timestamp
    /// The time until it is dead unless it renews.
    package var expiresIn: Duration

    package init(_ record: NodeRecord, heartbeatAt: Timestamp, expiresIn: Duration) {
        self.record = record
        self.heartbeatAt = heartbeatAt
        self.expiresIn = expiresIn
    }
}

extension Collection<LivingNode> {
    /// The number of different configurations that nodes have.
    package var configurations: Int { Set(map(\.record.configuration)).count }

    /// The time since which nodes have different configurations; `nil`: they have the same.
    package var disagreeSince: Timestamp? {
        let groups = Dictionary(grouping: self, by: \.record.configuration)
        guard groups.count > 1 else { return nil }
        return groups.values.compactMap { $0.map { Swift.max($0.record.configuredAt, $0.record.startedAt) }.min() }
            .max()
    }
}
