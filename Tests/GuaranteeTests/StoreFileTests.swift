import Foundation
import Glibc
import Testing
import WebhookCore
import WebhookReceiver
import WebhookSimulation
import Webhooks

/// Somebody deletes, renames or links the store's files under a running dispatcher.
@Suite struct StoreFileTests {
    enum Change: CaseIterable, Sendable {
        case delete, rename, link

        func apply(to file: String) {
            switch self {
            case .delete: unlink(file)
            case .rename: Glibc.rename(file, file + ".moved")
            case .link: Glibc.link(file, file + ".linked")
            }
        }

        /// Puts things right again as an operator would.
        func undo(_ file: String) {
            switch self {
            case .delete: break
            case .rename: Glibc.rename(file + ".moved", file)
            case .link: unlink(file + ".linked")
            }
        }
    }

    /// Row 45: the dispatcher stops with the reason, and nothing that was acknowledged is lost.
    @Test(arguments: Change.allCases)
    func changed(_ change: Change) async throws {
        for suffix in ["", "-wal", "-shm", ".lock"] where !(change == .delete && suffix.isEmpty) {
            let receiver = try Receiver(responses: [.noContent])
            let stage = try TestEnvironment()
            try stage.configure([.retry("crm", receiver.url)])
            let file = stage.storePath + suffix
            let dispatcher = try await stage.startDispatcher()
            var acknowledged: [String] = []
            for number in 0..<3 {
                let id = "early-\(number)"
                let exit = try await stage.run(["emit", "a.b", "--data", "{}", "--id", id, "--detach"]).exit
                #expect(exit == .code(0))
                acknowledged.append(id)
            }
            change.apply(to: file)
            // Beside a dispatcher that may not have noticed yet, an emit is refused, or it is kept.
            for number in 0..<3 {
                let id = "late-\(number)"
                let (exit, command) = try await stage.run(["emit", "a.b", "--data", "{}", "--id", id, "--detach"])
                if exit == .code(0) {
                    acknowledged.append(id)
                } else {
                    #expect(exit == .code(69), "\(change) \(suffix): \(command.errors)")
                }
            }
            #expect(await dispatcher.exit() == .code(69), "\(change) \(suffix): \(dispatcher.errors)")
            #expect(dispatcher.errors.contains(file), "\(dispatcher.errors)")
            // The log is in the database by now; a lock and shared memory are made again.
            if suffix.isEmpty || change == .link { change.undo(file) }
            let (exit, command) = try await stage.run(["run", "--until-idle"])
            #expect(exit == .code(0), "\(change) \(suffix): \(command.errors)")
            let audit = try await Audit(stage, [receiver])
            audit.checkLiveness(acknowledged, retry: ["crm"])
            try await stage.expectIntegrity()
        }
    }

    /// A store that was deleted: nothing of it can be saved, and nobody is told that all is well.
    @Test func deleted() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        let dispatcher = try await stage.startDispatcher()
        unlink(stage.storePath)
        #expect(await dispatcher.exit() == .code(69), "\(dispatcher.errors)")
        #expect(dispatcher.errors.contains("deleted or renamed"), "\(dispatcher.errors)")
    }

    /// A store that was cut off.
    @Test func cutOff() async throws {
        let receiver = try Receiver(responses: [.noContent])
        let stage = try TestEnvironment()
        try stage.configure([.retry("crm", receiver.url)])
        let dispatcher = try await stage.startDispatcher()
        truncate(stage.storePath, 0)
        #expect(await dispatcher.exit() == .code(69), "\(dispatcher.errors)")
    }
}
