internal import ArgumentParser
internal import WebhookCore
internal import Webhooks

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

    /// Looks and writes what there is; with `--watch` again at each interval, until Ctrl-C or the output's end. An outage of the
    /// store is written, too, and the next look follows.
    ///
    /// - Returns: the last look.
    /// - Throws: what the first look meets, or the last.
    func look<Value>(
        asJSON: Bool,
        _ look: () async throws -> Value,
        write: (Value) -> Void
    ) async throws -> Value {
        var last: Result<Value, any Error> = .success(try await look())
        write(try last.get())
        Output.standard.flush()
        guard watch else { return try last.get() }
        var outage = Outage()
        for await _ in Ticks(every: interval.duration).stream {
            do {
                last = .success(try await look())
                outage.ends()
            } catch {
                guard let failure = Outage.failure(error) else { throw error }
                last = .failure(error)
                outage.report(failure, asJSON: asJSON)
                continue
            }
            // From the top of the screen; a pipe gets one after the other.
            if Terminal.standardOutput.isTerminal, !asJSON { Output.standard.write("\u{1B}[H\u{1B}[2J") }
            write(try last.get())
            Output.standard.flush()
            if Output.standard.isBroken { break }
        }
        return try last.get()
    }
}

/// An outage of the store under a command that looks again and again: each reason is said once.
struct Outage {
    private var said: String?

    /// - Returns: the failure that a later look may not meet; `nil`: it would.
    static func failure(_ error: any Error) -> CommandFailure? {
        guard let store = (error as? WebhooksError)?.store, !store.isFinal else { return nil }
        return CommandFailure(error)
    }

    /// Prints it, unless that was done.
    mutating func report(_ failure: CommandFailure, asJSON: Bool) {
        guard failure.message != said else { return }
        said = failure.message
        failure.report(asJSON: asJSON)
    }

    /// The store could be read.
    mutating func ends() { said = nil }
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
