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
    static func verdicts(on cases: [VerificationCase]) throws -> [Bool] {
        try #require(
            FileManager.default.isExecutableFile(atPath: python.path),
            "there is no .venv with the packages that signatures are verified with: run `make setup-tests`"
        )
        // By way of files, so that neither side waits for the other with a full pipe.
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("interop-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let encoder = JSONEncoder()
        let lines = try cases.map { try encoder.encode($0) + Data("\n".utf8) }
        let input = scratch.appendingPathComponent("cases.jsonl")
        let output = scratch.appendingPathComponent("verdicts.jsonl")
        try lines.reduce(Data(), +).write(to: input)
        try Data().write(to: output)

        let process = Process()
        process.executableURL = python
        process.arguments = ["-I", folder.appendingPathComponent("verify.py").path]
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "verify.py failed: its message is above")
        let verdicts = try String(contentsOf: output, encoding: .utf8).split(separator: "\n")
            .map { try JSONDecoder().decode(Verdict.self, from: Data($0.utf8)) }
        try #require(verdicts.map(\.name) == cases.map(\.name))
        return verdicts.map(\.verified)
    }
}
