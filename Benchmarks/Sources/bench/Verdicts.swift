internal import BenchSupport

/// The table of targets.
struct Verdicts {
    private var table = Table("figure", "target", "measured", "")
    private(set) var missed = 0

    /// A figure that has to be at least so much.
    mutating func add(_ figure: String, atLeast target: Double, _ measured: Series, digits: Int = 2) {
        let verdict = measured.median >= target ? "met" : "MISSED"
        add(figure, "≥ \(target.short(digits))", measured.text(digits), verdict)
    }

    /// A ratio that has to be at most so much in every round.
    mutating func add(_ figure: String, each target: Double, _ measured: Series, digits: Int = 2) {
        let verdict = measured.highest <= target ? "met" : "MISSED"
        add(figure, "≤ \(target.short(digits)) each time", measured.text(digits), verdict)
    }

    /// A figure that has to be at most so much.
    mutating func add(_ figure: String, atMost target: Double, unit: String, _ measured: Series, digits: Int = 1) {
        add(
            figure,
            "≤ \(target.short(digits)) \(unit)",
            "\(measured.text(digits)) \(unit)",
            measured.median <= target ? "met" : "MISSED"
        )
    }

    private mutating func add(_ figure: String, _ target: String, _ measured: String, _ verdict: String) {
        if verdict == "MISSED" { missed += 1 }
        table.add(figure, target, measured, verdict)
        // Told as it goes: the whole takes minutes.
        warn("\(figure): \(measured) (\(target)) \(verdict)")
    }

    func print() { table.print() }
}
