import Testing
import WebhookCore

@testable import WebhookEngine

@Suite("Retry-After")
struct RetryAfterTests {
    // Sun, 06 Nov 1994 08:49:37 GMT
    private let date = Timestamp(milliseconds: 784_111_777_000)

    @Test("seconds", arguments: [("0", 0), ("120", 120), ("86400", 86_400), ("86401", 86_400), ("315360000", 86_400)])
    func seconds(value: String, wait: Int) {
        #expect(RetryAfter.wait(value, now: date) == .seconds(wait))
    }

    @Test("more digits than any number has")
    func manyDigits() {
        #expect(RetryAfter.wait(String(repeating: "9", count: 400), now: date) == .seconds(86_400))
    }

    static let dates = [
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    ]

    @Test("the three date forms", arguments: dates)
    func readsDates(value: String) {
        #expect(HTTPDate.parse(value) == date)
        #expect(RetryAfter.wait(value, now: date - .seconds(90)) == .seconds(90))
        #expect(RetryAfter.wait(value, now: date + .seconds(90)) == .zero)
        #expect(RetryAfter.wait(value, now: date - .seconds(10 * 365 * 86_400)) == .seconds(86_400))
    }

    static let garbage = [
        "", "-5", "1.5", "soon", "1e3", "+7", "٣", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 40 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Nov 1994 25:49:37 GMT", "6 11 1994 x y",
    ]

    @Test("garbage is no header at all", arguments: garbage)
    func ignoresGarbage(value: String) {
        #expect(RetryAfter.wait(value, now: date) == nil)
    }

    @Test("the name's case and spaces around the value don't matter; the first one counts")
    func header() {
        let headers = [HTTPHeader("Date", "x"), HTTPHeader("rEtRy-AfTeR", "  7 "), HTTPHeader("Retry-After", "9")]
        #expect(RetryAfter.wait(in: headers, now: date) == .seconds(7))
        #expect(RetryAfter.wait(in: [], now: date) == nil)
    }
}
