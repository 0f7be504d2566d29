/// Rendezvous hashing (Thaler and Ravishankar, 1998): the node with the highest weight for a name is the one that should have
/// it. Who joins takes an equal share from each, who leaves gives its share away, and nothing else moves.
///
/// A weight is the ``StableHash`` of the node's number and the name.
package struct Rendezvous: Sendable, Hashable {
    /// The processes among which names are shared out, with the hash of each one's number.
    private let nodes: [(process: UInt64, seed: StableHash)]

    /// - Parameter processes: in any order.
    package init(_ processes: [UInt64]) {
        nodes = Set(processes).sorted().map { ($0, Self.seed($0)) }
    }

    /// The process that should have a name; `nil` where there is none.
    package func owner(of name: String) -> UInt64? {
        var best: (process: UInt64, weight: UInt64)?
        for node in nodes {
            let weight = Self.weight(of: name, seed: node.seed)
            // At the same weight the first number has it, in every process.
            if best.map({ weight > $0.weight }) ?? true { best = (node.process, weight) }
        }
        return best?.process
    }

    private static func seed(_ process: UInt64) -> StableHash {
        var hash = StableHash()
        withUnsafeBytes(of: process.bigEndian) { hash.add($0) }
        return hash
    }

    private static func weight(of name: String, seed: StableHash) -> UInt64 {
        var hash = seed
        hash.add(name.utf8)
        return hash.value
    }

    package static func == (lhs: Rendezvous, rhs: Rendezvous) -> Bool {
        lhs.nodes.elementsEqual(rhs.nodes) { $0.process == $1.process }
    }

    package func hash(into hasher: inout Hasher) {
        for node in nodes { hasher.combine(node.process) }
    }
}
