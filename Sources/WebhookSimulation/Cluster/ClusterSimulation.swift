/// Several dispatchers on one store in virtual time: crashes, processes that stand still past their leases, machines that
/// are cut off from the store, clocks that differ, files that differ, and transactions whose outcome nobody knows.
package enum ClusterSimulation {
    /// Plays one seed through until every delivery has settled.
    ///
    /// - Throws: ``SimulationFailure`` where an invariant is violated.
    package static func run(
        seed: UInt64,
        configuration: ClusterConfiguration = ClusterConfiguration()
    ) throws -> ClusterReport {
        let cluster = SimulatedCluster(seed: seed, configuration: configuration)
        do {
            return try cluster.play()
        } catch let violation as Violation {
            throw SimulationFailure(seed: seed, reason: violation.what, trace: cluster.trace.lines)
        }
    }
}
