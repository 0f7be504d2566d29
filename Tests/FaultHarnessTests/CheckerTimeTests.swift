import Testing

@testable import WebhooksFaultHarness

@Suite struct CheckerTimeTests {
    /// `c` was acknowledged at 5 s; it may take five seconds.
    private func delayed(to seconds: Int) -> Fabricated {
        var world = Fabricated()
        for index in world.history.requests.indices
        where world.history.requests[index].subscription == "retry" && world.history.requests[index].event == "c" {
            world.history.requests[index].at = .seconds(seconds)
        }
        return world
    }

    @Test func blocked() {
        #expect(delayed(to: 10).violations.isEmpty)
        #expect(delayed(to: 11).kinds == [.stalled])
    }

    @Test func timeWithoutADispatcherDoesNotCount() {
        var world = delayed(to: 60)
        #expect(world.kinds == [.stalled])
        world.history.dispatching = [
            Interval(start: .zero, end: .seconds(7)), Interval(start: .seconds(58), end: .seconds(100)),
        ]
        #expect(world.violations.isEmpty)
        world.history.dispatching[1].start = .seconds(50)
        #expect(world.kinds == [.stalled])
    }

    @Test func timeOfADisturbanceDoesNotCount() {
        var world = delayed(to: 60)
        world.history.disturbances = [Interval(start: .seconds(6), end: .seconds(59))]
        #expect(world.violations.isEmpty)
    }

    @Test func exitCodes() {
        var world = Fabricated()
        world.history.commands = [Fabricated.command(.code(0)), Fabricated.command(.code(1), allowed: [0, 1])]
        #expect(world.violations.isEmpty)
        for code: Int32 in [1, 65, 69, 70, 129] {
            world.history.commands = [Fabricated.command(.code(code))]
            #expect(world.kinds == [.command], "\(code)")
        }
    }

    /// The store may be unavailable while the disk is full; other codes stay what they are.
    @Test func exitCodesWhileDisturbed() {
        var world = Fabricated()
        world.history.disturbances = [Interval(start: .seconds(1), end: .seconds(2))]
        world.history.commands = [Fabricated.command(.code(69))]
        #expect(world.violations.isEmpty)
        world.history.commands = [Fabricated.command(.code(70))]
        #expect(world.kinds == [.command])
        world.history.commands = [Fabricated.command(.code(69), from: 3, to: 4)]
        #expect(world.kinds == [.command])
    }

    /// Others may hold the store for longer than a command's bound, and then it says so.
    @Test func exitCodeOfWhoGotNoTurn() {
        var world = Fabricated()
        var command = Fabricated.command(.code(69))
        command.errors = "error: the store did not answer; the dispatcher ended before everything was on record"
        world.history.commands = [command]
        #expect(world.violations.isEmpty)
        command.errors = "error: there is no store"
        world.history.commands = [command]
        #expect(world.kinds == [.command])
    }

    @Test func signals() {
        var world = Fabricated()
        world.history.commands = [Fabricated.command(.signal(9))]
        #expect(world.kinds == [.command])
        world.history.commands[0].wasSignalled = true
        #expect(world.violations.isEmpty)
    }

    @Test func bounds() {
        var world = Fabricated()
        world.history.commands = [Fabricated.command(.code(0), to: 11)]
        #expect(world.kinds == [.command])
        // Also of one that was killed for it in the end.
        world.history.commands[0].wasSignalled = true
        #expect(world.kinds == [.command])
    }

    private func sample(_ process: Int32, at seconds: Int, megabytes: Int, descriptors: Int = 20, wal: Int = 1)
        -> SampleFact
    {
        SampleFact(
            process: process,
            at: .seconds(seconds),
            residentBytes: megabytes << 20,
            descriptors: descriptors,
            walBytes: wal << 20
        )
    }

    @Test func memoryThatClimbs() {
        var world = Fabricated()
        world.history.samples = (0..<10).map { sample(1, at: 10 * $0, megabytes: 50 + $0) }
        #expect(world.violations.isEmpty)
        world.history.samples += (10..<60).map { sample(1, at: 10 * $0, megabytes: 60 + 4 * $0) }
        #expect(world.kinds == [.growth])
        // Not the same when it is another process each time.
        world.history.samples = (0..<60).map { sample(Int32($0), at: 10 * $0, megabytes: 60 + 4 * $0) }
        #expect(world.violations.isEmpty)
    }

    @Test func limits() {
        let good = sample(1, at: 1, megabytes: 100)
        for bad in [
            sample(1, at: 2, megabytes: 1000), sample(1, at: 2, megabytes: 10, descriptors: 2000),
            sample(1, at: 2, megabytes: 10, wal: 300),
        ] {
            var world = Fabricated()
            world.history.samples = [good]
            #expect(world.violations.isEmpty)
            world.history.samples.append(bad)
            #expect(world.kinds == [.growth])
        }
        var world = Fabricated()
        world.record.walBytes = 100 << 20
        #expect(world.kinds == [.growth])
    }
}
