internal import ArgumentParser

/// The options of commands that look again and again.
struct WatchOptions: ParsableArguments {
    @Flag(help: "Looks again and again, until Ctrl-C; the exit code is the last look's.")
    var watch = false

    @Option(
        help: ArgumentHelp("The time between two looks, such as 500ms or 10s. (default: 2s)", valueName: "duration"),
        transform: DurationArgument.read
    )
    var interval = DurationArgument(.seconds(2))

    func validate() throws {
        if interval.duration < .milliseconds(100) { throw ValidationError("--interval is at least 100ms") }
    }

    /// Looks and writes what there is; with `--watch` again at each interval, until Ctrl-C or the output's end.
    ///
    /// - Returns: the last look.
    func look<Value>(
        asJSON: Bool,
        _ look: () async throws -> Value,
        write: (Value) -> Void
    ) async throws -> Value {
        var value = try await look()
        write(value)
        Output.standard.flush()
        guard watch else { return value }
        for await _ in Ticks(every: interval.duration).stream {
            value = try await look()
            // From the top of the screen; a pipe gets one after the other.
            if Terminal.standardOutput.isTerminal, !asJSON { Output.standard.write("\u{1B}[H\u{1B}[2J") }
            write(value)
            Output.standard.flush()
            if Output.standard.isBroken { break }
        }
        return value
    }
}

/// A beat that ends with Ctrl-C.
struct Ticks {
    let stream: AsyncStream<Void>

    init(every interval: Duration) {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let beat = Task {
            while (try? await Task.sleep(for: interval)) != nil { continuation.yield() }
        }
        let trap = InterruptTrap { continuation.finish() }
        // The trap lives as long as the beat.
        continuation.onTermination = { _ in withExtendedLifetime(trap) { beat.cancel() } }
        self.stream = stream
    }
}
