import Testing
import WebhookCore

@Suite("Rendezvous hashing")
struct RendezvousTests {
    private let names = (0..<20_000).map { "school-\($0)/hook" }

    private func owners(_ nodes: Rendezvous) -> [UInt64?] { names.map(nodes.owner) }

    @Test("the same in every process: known owners")
    func isStable() {
        let nodes = Rendezvous([1, 2, 0xC0FFEE])
        #expect(["", "a", "b", "kurse", "größe"].map(nodes.owner) == Self.known)
        #expect(Rendezvous([]).owner(of: "a") == nil)
        #expect(Rendezvous([2, 0xC0FFEE, 1, 2]) == nodes)
    }

    private static let known: [UInt64?] = [2, 1, 0xC0FFEE, 0xC0FFEE, 0xC0FFEE]

    @Test("shares are equal, whatever the nodes are called", arguments: [2, 3, 5, 8])
    func isBalanced(count: Int) {
        // Numbers that follow on each other are the hardest.
        let shares = Dictionary(grouping: owners(Rendezvous((1...UInt64(count)).map { $0 })), by: \.self)
        let even = names.count / count
        #expect(shares.count == count)
        for share in shares.values { #expect(abs(share.count - even) < even / 12) }
    }

    @Test("who joins takes its share, who leaves gives it away, and nothing else moves")
    func movesLittle() {
        let four = owners(Rendezvous([11, 22, 33, 44]))
        let five = owners(Rendezvous([11, 22, 33, 44, 55]))
        let moved = zip(four, five).filter { $0 != $1 }
        #expect(moved.allSatisfy { $0.1 == 55 })
        #expect(abs(moved.count - names.count / 5) < names.count / 60)
        // From each alike.
        for (_, given) in Dictionary(grouping: moved, by: \.0) { #expect(given.count > names.count / 20 * 3 / 4) }
    }

    @Test("a node's name in a row says which term it is")
    func nodeName() {
        let id = NodeID(process: 0xC0FFEE, term: 12)
        #expect(id.rawValue == "0000000000c0ffee-12")
        #expect(NodeID(rawValue: id.rawValue) == id && id.next.term == 13)
        let wrong = ["", "-1", "c0ffee-1", "0000000000c0ffee", "0000000000c0ffee-0", "0000000000c0ffee--1"]
        for name in wrong + ["000000000000000g-1"] { #expect(NodeID(rawValue: name) == nil) }
    }
}
