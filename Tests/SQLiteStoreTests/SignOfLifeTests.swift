import Glibc
import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite struct SignOfLifeTests {
    @Test func `a sign has an age by a clock that nobody sets`() {
        let sign = SignOfLife(processID: 7, at: 1_000)
        #expect(sign.age(now: 41_000) == .seconds(40))
        #expect(sign.age(now: 1_000) == .zero)
        // Of another machine, or of the time before this one was started again.
        #expect(sign.age(now: 999) == nil)
    }

    @Test(arguments: ["", "\n", "7\n", "7 x\n", "0 1\n", "-1 1\n", "7 -1\n", "7 1 2\n", "99999999999 1\n"])
    func `what is no sign is none`(_ text: String) {
        #expect(SignOfLife(text.utf8) == nil)
    }

    @Test func `it stands in the lock's file, beside what else is there`() throws {
        let path = "/tmp/webhooks-life-\(UInt64.random(in: 0 ... .max)).sqlite"
        defer { unlink(path + ".lock") }
        let lock = try DispatcherLock.acquire(path: path, role: "run")
        #expect(SignOfLife.read(storePath: path, of: getpid()) == nil)
        lock.remember(StoreIdentity(42))
        _ = EmptyingRequest.set(in: path + ".lock")
        lock.noteAlive()
        lock.note(trouble: StoreError(.full, "full"))
        let sign = try #require(SignOfLife.read(storePath: path, of: getpid()))
        #expect(SignOfLife(sign.bytes) == sign)
        #expect(try #require(sign.age()) < .seconds(600))
        #expect(SignOfLife.read(storePath: path, of: getpid() + 1) == nil)
        #expect(DispatcherRecord(path: path)?.trouble == "full")
        #expect(StoreIdentity.remembered(in: path + ".lock") == StoreIdentity(42))
        #expect(EmptyingRequest.isSet(in: path + ".lock"))
        lock.release()
        #expect(SignOfLife.read(storePath: path, of: getpid()) == nil)
        lock.noteAlive()
        #expect(SignOfLife.read(storePath: path, of: getpid()) == nil, "whoever has let go gives no sign")
    }

    @Test func `a request to empty the log says what is in its way, until it is done`() throws {
        let path = "/tmp/webhooks-empty-\(UInt64.random(in: 0 ... .max)).sqlite"
        defer { unlink(path + ".lock") }
        let lock = try DispatcherLock.acquire(path: path, role: "run")
        lock.noteAlive()
        let file = path + ".lock"
        #expect(EmptyingRequest.obstacle(in: file) == nil)
        #expect(EmptyingRequest.set(in: file))
        #expect(EmptyingRequest.obstacle(in: file) == nil)
        for obstacle in [EmptyingObstacle(StoreError(.full, "no room")), .reader, .writer] {
            EmptyingRequest.note(obstacle, in: file)
            #expect(EmptyingRequest.isSet(in: file) && EmptyingRequest.obstacle(in: file) == obstacle)
        }
        EmptyingRequest.clear(in: file)
        #expect(!EmptyingRequest.isSet(in: file) && EmptyingRequest.obstacle(in: file) == nil)
        #expect(SignOfLife.read(storePath: path, of: getpid()) != nil, "what stands behind it stays")
        #expect(EmptyingObstacle(.noRoom) == .store("full") && EmptyingObstacle(.emptied) == nil)
    }
}
