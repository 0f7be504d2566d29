internal import BenchSupport
internal import Foundation
internal import Webhooks

/// One of several dispatchers on a database: says "ready" once it delivers, then does what each line of its standard input
/// asks for and answers "done", until that ends.
///
/// `emit COUNT` is by callers that each wait for the disk, `pace COUNT RATE` at fixed times.
func runNode(_ setup: Setup) async throws {
    let session = try await Session.start(setup)
    say("ready")
    for await line in standardInput() {
        let words = line.split(separator: " ")
        let numbers = words.dropFirst().compactMap { Int($0) }
        switch (words.first, numbers.first, numbers.last) {
        case ("emit", let count?, _): try await session.emitClosedLoop(setup, events: count)
        case ("pace", let count?, let rate?):
            try await emitOpenLoop(count: count, rate: rate) { number, instant in
                try await session.dispatcher.emit(setup.event(for: number % setup.endpoints, at: instant))
            }
        default: fail("what is \(line)?")
        }
        say("done")
    }
    try await session.stop()
}

private func say(_ word: String) { FileHandle.standardOutput.write(Data("\(word)\n".utf8)) }

private func standardInput() -> AsyncStream<String> {
    let (lines, continuation) = AsyncStream.makeStream(of: String.self)
    Thread.detachNewThread {
        while let line = readLine() { continuation.yield(line) }
        continuation.finish()
    }
    return lines
}
