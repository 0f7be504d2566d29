import Glibc
import Testing

@testable import WebhooksSQLite

@Suite struct QuietWALTests {
    /// A file's stamp once nobody has written to it for a time.
    private func stamp(_ path: String, written seconds: Int) -> WALStamp? {
        let time = timespec(tv_sec: time(nil) - seconds, tv_nsec: 7)
        let times = [time, time]
        utimensat(AT_FDCWD, path, times, 0)
        return WALStamp(path, rest: QuietWAL.rest)
    }

    @Test func `SQLite is asked after every write, and now and then while nobody writes`() throws {
        let path = "/tmp/webhooks-quiet-\(UInt64.random(in: 0 ... .max))"
        close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0o600))
        defer { unlink(path) }
        var quiet = QuietWAL()
        func looks(_ stamp: WALStamp?, _ count: Int) -> [Bool] { (0..<count).map { _ in quiet.asks(stamp) } }
        let old = try #require(stamp(path, written: 60))
        // Nothing is known yet; then one of some.
        let first = looks(old, 15)
        #expect(first.indices.filter { first[$0] } == [0, QuietWAL.mostSkipped + 1, 2 * (QuietWAL.mostSkipped + 1)])
        // Within the rest every look asks: the commit may be seen at any of them.
        #expect(stamp(path, written: 0) == nil)
        #expect(looks(nil, 20) == [Bool](repeating: true, count: 20))
        let new = try #require(stamp(path, written: 30))
        #expect(new != old)
        #expect(looks(new, 2) == [true, false])
        #expect(WALStamp(path + "-none", rest: QuietWAL.rest) == nil)
    }
}
