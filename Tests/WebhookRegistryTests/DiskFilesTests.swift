import Foundation
import Testing
import WebhookCore
import WebhookRegistry

@Suite struct DiskFilesTests {
    @Test func problemsSayWhatIsWrong() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("sub"),
            withIntermediateDirectories: true
        )
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("0123456789".utf8).write(to: folder.appendingPathComponent("file"))
        let files = DiskFiles()
        #expect(try files.contents(of: folder.path + "/file", limit: 10) == "0123456789")
        #expect(throws: FileProblem("is larger than 9 bytes")) {
            try files.contents(of: folder.path + "/file", limit: 9)
        }
        #expect(throws: FileProblem.missing) { try files.contents(of: folder.path + "/none", limit: 9) }
        #expect(throws: FileProblem("is a folder")) { try files.contents(of: folder.path, limit: 9) }
        #expect(try files.folders(in: folder.path) == ["sub"])
        #expect(throws: FileProblem("is not a folder")) { try files.folders(in: folder.path + "/file") }
    }
}
