import Testing
import WebhookCore

@testable import WebhooksSQLite

@Suite("The record of who holds the dispatcher's lock") struct LockRecordTests {
    private let holder = DispatcherLock.Holder(processID: 4_194_304, role: "retrigger")

    @Test("It is of one size and reads back", arguments: [nil, "64769:18446744073709551615 1:2 1:3"])
    func readsBack(_ files: String?) {
        let record = LockRecord(holder: holder, files: files)
        #expect(record.bytes.count == LockRecord.size)
        #expect(LockRecord(record.bytes) == record)
    }

    @Test("It says of a dispatcher that it is stopping", arguments: [nil, "1:2"])
    func stopping(_ files: String?) {
        var record = LockRecord(holder: .init(processID: 7, role: "run"), files: files)
        record.isStopping = true
        #expect(record.bytes.count == LockRecord.size && record.bytes.starts(with: "7 run stopping\n".utf8))
        #expect(LockRecord(record.bytes) == record)
        #expect(LockRecord(Array("7 run on\n".utf8))?.isStopping == false)
    }

    @Test("What troubles the dispatcher stands behind its files, known or not", arguments: [nil, "1:2 1:3 1:4"])
    func trouble(_ files: String?) {
        let record = LockRecord(holder: holder, files: files, trouble: "full")
        #expect(record.bytes.count == LockRecord.size)
        #expect(LockRecord(record.bytes) == record)
        let tight = LockRecord(holder: holder, files: files, trouble: String(repeating: "x", count: LockRecord.size))
        #expect(LockRecord(tight.bytes) == LockRecord(holder: holder, files: files))
    }

    @Test(
        "The program stands behind files and trouble, known or not",
        arguments: [(nil, nil), ("1:2 1:3 1:4", nil), (nil, "full"), ("1:2", "full")] as [(String?, String?)]
    )
    func program(_ files: String?, _ trouble: String?) {
        let program = DispatcherLock.Program(
            version: "0.1.0",
            host: "lms-1",
            since: Timestamp(milliseconds: 1_764_288_000_000)
        )
        let record = LockRecord(holder: holder, files: files, trouble: trouble, program: program)
        #expect(record.bytes.count == LockRecord.size)
        #expect(LockRecord(record.bytes) == record)
        let rest = String(repeating: "x", count: 220)
        let tight = LockRecord(holder: holder, files: rest, program: program)
        #expect(LockRecord(tight.bytes) == LockRecord(holder: holder, files: rest))
        let long = DispatcherLock.Program(
            version: "1",
            host: "a b\n" + String(repeating: "x", count: 300),
            since: program.since
        )
        let read = LockRecord(LockRecord(holder: holder, program: long).bytes)?.program
        #expect(read?.host == "ab" + String(repeating: "x", count: 62))
        #expect(DispatcherLock.Program("1 x y") == nil && DispatcherLock.Program("") == nil)
    }

    @Test("What has no room is left out, not cut off", arguments: [230, 239, 240, 241, 500])
    func tooLong(_ length: Int) {
        let files = String(repeating: "x", count: length)
        let record = LockRecord(holder: holder, files: files)
        #expect(record.bytes.count == LockRecord.size)
        // The process, the role, a space and two line feeds.
        let room = LockRecord.size - 7 - 9 - 3
        #expect(LockRecord(record.bytes) == LockRecord(holder: holder, files: length <= room ? files : nil))
        let named = LockRecord(holder: .init(processID: 1, role: files + files))
        #expect(named.bytes.count == LockRecord.size)
    }

    @Test("What is no record is nobody's", arguments: ["", "\n", "7", "7 ", "7 run", "-7 run\n", "0 run\n", "x run\n"])
    func strange(_ text: String) {
        #expect(LockRecord(Array(text.utf8)) == nil)
        #expect(LockRecord(LockRecord.blank) == nil)
    }

    @Test("A line that was cut off does not count, and one of an older program does")
    func lines() {
        #expect(LockRecord(Array("7 run\n1:2 1:".utf8)) == LockRecord(holder: .init(processID: 7, role: "run")))
        #expect(LockRecord(Array("7 run\n\n".utf8)) == LockRecord(holder: .init(processID: 7, role: "run")))
        let record = LockRecord(holder: .init(processID: 7, role: "run"), files: "1:2")
        #expect(LockRecord(Array("7 run\n1:2\n".utf8)) == record)
    }

    @Test("The byte's place names process and role")
    func places() {
        for processID: Int32 in [1, 2, 4_194_304, .max] {
            for role in ["run", "emit", "test", "retrigger"] {
                let holder = DispatcherLock.Holder(processID: processID, role: role)
                #expect(HolderByte.holder(at: HolderByte.place(of: holder)) == holder)
            }
        }
        let other = HolderByte.place(of: .init(processID: 7, role: "something else"))
        #expect(HolderByte.holder(at: other) == .init(processID: 7, role: "dispatcher"))
        for place in [0, 255, other - 7 * 16, other + 15, .max] { #expect(HolderByte.holder(at: place) == nil) }
    }
}
