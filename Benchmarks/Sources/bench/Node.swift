internal import BenchSupport
internal import Foundation

/// A dispatcher of several, as a process that does what it is told.
final class Node {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts it; ``ready()`` waits until it delivers.
    init(_ harness: Harness, _ arguments: [String]) {
        process.executableURL = URL(fileURLWithPath: "\(harness.binaries)/dispatch")
        process.arguments = ["--scenario", "node"] + arguments
        process.currentDirectoryURL = URL(fileURLWithPath: harness.work)
        process.standardInput = input
        process.standardOutput = output
        guard (try? process.run()) != nil else { fail("dispatch does not start") }
    }

    /// Processor time so far.
    var cpuSeconds: Double { Usage.cpuSeconds(of: "\(process.processIdentifier)") }

    func ready() { expect("ready") }

    func tell(_ line: String) { input.fileHandleForWriting.write(Data("\(line)\n".utf8)) }

    /// Waits until what it was told is done.
    func done() { expect("done") }

    private func expect(_ word: String) {
        let line = Data("\(word)\n".utf8)
        guard (try? output.fileHandleForReading.read(upToCount: line.count)) == line else {
            fail("a dispatcher did not say \(word)")
        }
    }

    /// Lets it hand over and end.
    func end() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { fail("a dispatcher failed") }
    }

    /// Ends it as a machine that stops.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
