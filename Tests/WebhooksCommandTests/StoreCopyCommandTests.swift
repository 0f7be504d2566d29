import Foundation
import Testing

/// `store copy` where it refuses.
@Suite struct StoreCopyCommandTests {
    @Test func `a refused copy leaves nothing beside a file that is no store`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(204) }
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        try sandbox.write("mine", String(repeating: "no database ", count: 1000))
        let before = try FileManager.default.contentsOfDirectory(atPath: sandbox.folder).sorted()
        for pair in [["sqlite:w.sqlite", "sqlite:mine"], ["sqlite:mine", "sqlite:new.sqlite"]] {
            let refused = try await sandbox.run(["store", "copy"] + pair)
            #expect(refused.status != 0, "\(refused.out)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: sandbox.folder).sorted() == before)
        }
    }

    @Test func `a store is not copied onto itself, and says so`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(204) }
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        for path in ["w.sqlite", "./w.sqlite", "../\(URL(fileURLWithPath: sandbox.folder).lastPathComponent)/w.sqlite"]
        {
            let refused = try await sandbox.run("store", "copy", "sqlite:w.sqlite", "sqlite:\(path)")
            #expect(refused.status == 1 && refused.err.contains("are the same store"), "\(refused.err)")
            #expect(!refused.err.contains("in use by"), "\(refused.err)")
        }
    }

    @Test func `what is copied already says so, and what to do with it`() async throws {
        let sandbox = try CommandEnvironment { _ in .status(204) }
        #expect(try await sandbox.run("emit", "x.y", "--data", "1").status == 0)
        let copy = ["store", "copy", "sqlite:w.sqlite", "sqlite:copy.sqlite"]
        #expect(try await sandbox.run(copy).status == 0)
        #expect(try await sandbox.run("emit", "x.y", "--data", "2").status == 0)
        let again = try await sandbox.run(copy)
        #expect(again.status == 1 && again.err.contains("is a finished copy of "), "\(again.err)")
        #expect(again.err.contains("`webhooks check --store`"), "\(again.err)")
        // Another store is an obstacle.
        #expect(try await sandbox.run("emit", "x.y", "--data", "1", "--store", "sqlite:other.sqlite").status == 0)
        let other = try await sandbox.run("store", "copy", "sqlite:w.sqlite", "sqlite:other.sqlite")
        #expect(other.status == 1 && other.err.contains("holds a store (its events) already"), "\(other.err)")
    }
}
