import Foundation
import Testing

/// Runs `verify.py` in the virtual environment of the repository.
enum PythonVerifier {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    private static let python = folder.deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent(".venv/bin/python")

    private struct Verdict: Decodable {
        var name: String
        var verified: Bool
    }

    /// The verdicts on all cases, in their order. One process does them all.
    static func verdicts(on cases: [VerificationCase]) async throws -> [Bool] {
        let encoder = JSONEncoder()
        let lines = try await run("verify.py", cases.map { String(decoding: try encoder.encode($0), as: UTF8.self) })
        let verdicts = try lines.map { try JSONDecoder().decode(Verdict.self, from: Data($0.utf8)) }
        try #require(verdicts.map(\.name) == cases.map(\.name))
        return verdicts.map(\.verified)
    }

    /// Runs a script beside this file, and gives what it prints for lines of input.
    static func run(_ script: String, _ lines: [String]) async throws -> [String] {
        try #require(
            FileManager.default.isExecutableFile(atPath: python.path),
            "there is no .venv with the packages that signatures are verified with: run `make setup-tests`"
        )
        // By way of files, so that neither side waits for the other with a full pipe.
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("interop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let input = scratch.appendingPathComponent("input")
        let output = scratch.appendingPathComponent("output")
        try Data(lines.map { $0 + "\n" }.joined().utf8).write(to: input)
        try Data().write(to: output)

        let process = Process()
        process.executableURL = python
        process.arguments = ["-I", folder.appendingPathComponent(script).path]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        try #require(process.terminationStatus == 0, "\(script) failed: its message is above")
        let printed = try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map(String.init)
        try #require(printed.count == lines.count)
        return printed
    }
}
