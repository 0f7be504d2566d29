import Foundation
import Testing

/// The keys of log lines are an interface: every one that the sources write is in docs/logging.md, and no other.
@Suite("Log keys")
struct LogKeyTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private func sources(_ folder: String) throws -> [String] {
        let folder = Self.root.appendingPathComponent(folder)
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }
            .map { try String(contentsOf: $0, encoding: .utf8) }
    }

    @Test func `every key is documented, and every documented key is written`() throws {
        var written: Set<String> = []
        for text in try ["Sources/Webhooks", "Sources/WebhooksGRDB", "Sources/WebhooksCommand"].flatMap(sources) {
            guard text.contains("import Logging") else { continue }
            // A value of metadata is a string with an interpolation; beside it there are changes made to a dictionary.
            for match in text.matches(of: /"([a-zA-Z]+)": "[^"\\]*\\\(/) { written.insert(String(match.1)) }
            for match in text.matches(of: /metadata\["([a-zA-Z]+)"\]/) { written.insert(String(match.1)) }
            for match in text.matches(of: /\("([a-z]+)", (?:added|changed|removed)\)/) {
                written.insert(String(match.1))
            }
        }
        let document = try String(contentsOf: Self.root.appendingPathComponent("docs/logging.md"), encoding: .utf8)
        var documented: Set<String> = []
        for row in document.split(separator: "\n") where row.hasPrefix("| `") {
            let names = row.split(separator: "|")[0]
            for match in names.matches(of: /`([a-zA-Z]+)`/) { documented.insert(String(match.1)) }
        }
        #expect(written.count > 30)
        #expect(written.subtracting(documented).sorted() == [], "undocumented")
        #expect(documented.subtracting(written).sorted() == [], "documented, and written nowhere")
    }
}
