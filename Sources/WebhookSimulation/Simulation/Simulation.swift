/// The whole engine in virtual time, with everything going wrong that a seed picks: crashes, a failing store, dead and lying
/// receivers, stepping clocks, reloads, and other processes that write.
package enum Simulation {
    /// Plays one seed through until every delivery has settled.
    ///
    /// - Throws: ``SimulationFailure`` where an invariant is violated.
    package static func run(
        seed: UInt64,
        configuration: SimulationConfiguration = SimulationConfiguration()
    ) throws -> SimulationReport {
        let world = SimulatedWorld(seed: seed, configuration: configuration)
        do {
            return try world.play()
        } catch let violation as Violation {
            throw SimulationFailure(seed: seed, reason: violation.what, trace: world.trace.lines)
        }
    }
}

/// An invariant that doesn't hold.
struct Violation: Error {
    var what: String

    init(_ what: String) {
        self.what = what
    }

    static func require(_ condition: Bool, _ what: @autoclosure () -> String) throws {
        if !condition { throw Violation(what()) }
    }
}

/// The last steps, for a failure.
struct Trace {
    private(set) var lines: [String] = []
    let length: Int

    mutating func add(_ line: @autoclosure () -> String) {
        guard length > 0 else { return }
        lines.append(line())
        if lines.count > 2 * length { lines.removeFirst(lines.count - length) }
    }
}
