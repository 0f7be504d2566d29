internal import Foundation
internal import WebhooksFaultHarness

// Runs the real binary under faults for as long as HOURS or MINUTES says, and ends with one line and an exit code: 0 where
// every promise was kept, 1 where one was broken, 2 where a round had not settled when the time was over, 130 where it was
// stopped, 70 where the harness itself can't go on.
//
// With `storm`, several dispatchers run on the PostgreSQL server that Tests/postgres.sh has started.
//
// SEED=42 draws the same choices again, ROUND=3 runs that round of a seed alone. WITHOUT=flood,disordered leaves out
// receivers' faults, or kinds of violations, to look past what is known. WEBHOOKS_BINARY is another binary to run.

/// Prints a line at once, to a pipe too.
@Sendable func say(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

if CommandLine.arguments.dropFirst().first == "host" {
    exit(HostProcess.run(Array(CommandLine.arguments.dropFirst(2))))
}

let environment = ProcessInfo.processInfo.environment
let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
let binaries = URL(fileURLWithPath: program).deletingLastPathComponent().path

func value<Value: LosslessStringConvertible>(_ name: String, _ fallback: Value) -> Value {
    guard let text = environment[name], !text.isEmpty else { return fallback }
    guard let value = Value(text) else {
        FileHandle.standardError.write(Data("\(name) is no number: \(text)\n".utf8))
        exit(64)
    }
    return value
}

let isStorm = CommandLine.arguments.dropFirst().first == "storm"
let hours = value("HOURS", value("MINUTES", isStorm ? 10.0 : 15.0) / 60)
let seed = value("SEED", UInt64.random(in: 1...UInt64(UInt32.max)))
guard hours > 0, hours <= 1000 else {
    FileHandle.standardError.write(Data("HOURS has to be between 0 and 1000\n".utf8))
    exit(64)
}
let binary = environment["WEBHOOKS_BINARY"] ?? "\(binaries)/webhooks"

let stop = Stop()
let signals = StopSignals(stop) { say("STOPPED at once seed \(seed) (signal \($0))") }

/// Everything ends soon after it was told to; if not, that is said.
func watch(until latest: Duration) {
    Thread { [latest = ContinuousClock.now + latest] in
        var patience = 60
        while patience > 0, .now < latest {
            sleep(1)
            if stop.isStoppedNow { patience -= 1 }
        }
        say("FAIL seed \(seed): the harness itself has not ended")
        _exit(70)
    }.start()
}

func soak() async throws -> Verdict {
    var options = SoakOptions(
        length: .seconds(hours * 3600),
        seed: seed,
        binary: binary,
        program: program,
        folder: "\(NSTemporaryDirectory())webhooks-soak-\(seed)"
    )
    if environment["ROUND"].map({ !$0.isEmpty }) ?? false { options.round = value("ROUND", 1) }
    options.without = Set(environment["WITHOUT"]?.split(separator: ",").map(String.init) ?? [])
    say("SEED=\(seed) HOURS=\(hours)\(options.round.map { " ROUND=\($0)" } ?? "")")
    watch(until: options.lastMoment)
    return try await SoakRun(options, stop: stop, report: say).run()
}

func storm() async throws -> Verdict {
    guard let url = environment["WEBHOOKS_TEST_POSTGRES"], let data = environment["WEBHOOKS_TEST_POSTGRES_DATA"] else {
        FileHandle.standardError.write(
            Data("a storm needs a server that it may kill: Tests/postgres.sh starts one\n".utf8)
        )
        exit(64)
    }
    let options = StormOptions(
        length: .seconds(hours * 3600),
        seed: seed,
        binary: binary,
        url: url,
        data: data,
        folder: "\(NSTemporaryDirectory())webhooks-storm-\(seed)"
    )
    say("SEED=\(seed) MINUTES=\(hours * 60)")
    watch(until: options.lastMoment)
    return try await StormRun(options, stop: stop, report: say).run()
}

do {
    let verdict = try await isStorm ? storm() : soak()
    withExtendedLifetime(signals) {}
    say(verdict.line)
    exit(verdict.exitCode)
} catch {
    say("FAIL seed \(seed): the harness itself: \(error)")
    exit(70)
}
