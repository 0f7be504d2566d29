internal import BenchSupport

/// Deliveries a second by piece, round by round.
struct PostgresRates {
    private var names: [String] = []
    private var rates: [String: [Double]] = [:]

    static func name(_ nodes: Int) -> String { nodes == 1 ? "1 dispatcher" : "\(nodes) dispatchers" }

    mutating func add(_ name: String, _ perSecond: Double) {
        if rates[name] == nil { names.append(name) }
        rates[name, default: []].append(perSecond)
    }

    private func ratio(_ name: String, to other: String) -> Series {
        Series(zip(rates[name] ?? [], rates[other] ?? []).map { $0 / $1 })
    }

    func print(to verdicts: inout Verdicts, sizes: [Int]) {
        var table = Table("PostgreSQL", "deliveries/s", "÷ limit", "÷ SQLite")
        for name in names {
            table.add(
                name,
                Series(rates[name] ?? []).text(0),
                ratio(name, to: "limit").text(2),
                ratio(name, to: "SQLite").text(2)
            )
        }
        table.print()
        let one = Self.name(1)
        verdicts.add("1 dispatcher on PostgreSQL ÷ limit", atLeast: 0.2, ratio(one, to: "limit"))
        for size in sizes.dropFirst() {
            verdicts.add("\(Self.name(size)) ÷ 1", atLeast: 1.6, ratio(Self.name(size), to: one))
        }
    }
}
