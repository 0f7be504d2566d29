/// Rendezvous hashing (Thaler and Ravishankar, 1998): the node with the highest weight for a name is the one that should have
/// it. Who joins takes an equal share from each, who leaves gives its share away, and nothing else moves.
///
/// Weights are the same in every process and on every machine: FNV-1a over the node's number and the name, finished by the
/// mixer of MurmurHash3, for the high bits of FNV-1a alone say little about the last characters.
package struct Rendezvous: Sendable, Hashable {
    /// The processes among which names are shared out, with the hash of each one's number.
    private let nodes: [(process: UInt64, seed: UInt64)]

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

    private static func seed(_ process: UInt64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for shift in stride(from: 56, through: 0, by: -8) {
            add(UInt8(truncatingIfNeeded: process >> shift), to: &hash)
        }
        return hash
    }

    private static func weight(of name: String, seed: UInt64) -> UInt64 {
        var hash = seed
        for byte in name.utf8 { add(byte, to: &hash) }
        hash ^= hash >> 33
        hash &*= 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 33
        hash &*= 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash >> 33)
    }

    private static func add(_ byte: UInt8, to hash: inout UInt64) {
        hash ^= UInt64(byte)
        hash &*= 0x0000_0100_0000_01B3
    }

    package static func == (lhs: Rendezvous, rhs: Rendezvous) -> Bool {
        lhs.nodes.elementsEqual(rhs.nodes) { $0.process == $1.process }
    }

    package func hash(into hasher: inout Hasher) {
        for node in nodes { hasher.combine(node.process) }
    }
}
