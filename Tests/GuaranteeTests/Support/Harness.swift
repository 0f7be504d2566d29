import FaultHarness

// Shared with the fault harness of `make soak`.
typealias Command = FaultHarness.Command
typealias Problem = FaultHarness.Problem
typealias SmallDisk = FaultHarness.SmallDisk
