import Testing
import WebhookCore

@testable import WebhookTransport

@Suite struct ResponseCollectorTests {
    private func feed(_ collector: inout ResponseCollector, _ lines: String...) -> ResponseCollector.Verdict {
        var verdict = ResponseCollector.Verdict.more
        for line in lines { verdict = Array("\(line)\r\n".utf8).withUnsafeBytes { collector.header($0) } }
        return verdict
    }

    @Test func aFinalAnswerNeedsItsEmptyLine() {
        var collector = ResponseCollector()
        collector.speaksHTTP2 = true
        _ = feed(&collector, "HTTP/2 204 ", "A: 1", "b:2")
        #expect(collector.finalStatus == nil)
        _ = feed(&collector, "")
        #expect(collector.finalStatus == 204)
        #expect(collector.headers == [HTTPHeader("A", "1"), HTTPHeader("b", "2")])
    }

    @Test func informationalAnswersCountButDoNotStay() {
        var collector = ResponseCollector(limits: ResponseLimits(headerLines: 3))
        _ = feed(&collector, "HTTP/1.1 103 Hints", "Link: x", "", "HTTP/1.1 200 OK", "X: y")
        #expect(collector.headers == [HTTPHeader("X", "y")])
        #expect(feed(&collector, "") == .more)
        // A trailer past the limit leaves the answer alone.
        #expect(feed(&collector, "T: 1") == .cutOff)
        #expect(!collector.headersTooLarge && collector.isTruncated && collector.finalStatus == 200)
    }

    @Test func limitsOfLinesAndBytes() {
        var lines = ResponseCollector(limits: ResponseLimits(headerLines: 2))
        #expect(feed(&lines, "HTTP/1.1 200 OK", "A: 1", "B: 2") == .more)
        #expect(feed(&lines, "C: 3") == .cutOff)
        #expect(lines.headersTooLarge)
        var bytes = ResponseCollector(limits: ResponseLimits(headerBytes: 24))
        #expect(feed(&bytes, "HTTP/1.1 200 OK", "A: 1234567") == .cutOff)
        #expect(bytes.headersTooLarge)
    }

    @Test func foldedLinesJoin() {
        var collector = ResponseCollector()
        _ = feed(&collector, "HTTP/1.1 200 OK", "A: 1", "  2", "")
        #expect(collector.headers == [HTTPHeader("A", "1 2")])
    }

    @Test func bodyLimits() {
        var collector = ResponseCollector(limits: ResponseLimits(keptBodyBytes: 4, bodyBytes: 8))
        _ = feed(&collector, "HTTP/1.1 200 OK", "")
        #expect([UInt8](repeating: 1, count: 4).withUnsafeBytes { collector.body($0) } == .more)
        #expect(!collector.isTruncated)
        #expect([UInt8](repeating: 2, count: 4).withUnsafeBytes { collector.body($0) } == .more)
        #expect(collector.isTruncated && collector.body == [1, 1, 1, 1])
        #expect([UInt8](repeating: 3, count: 1).withUnsafeBytes { collector.body($0) } == .cutOff)
    }

    /// However small: each costs a call.
    @Test func bodiesOfManyPiecesAreCutOff() {
        var collector = ResponseCollector(limits: ResponseLimits(bodyPieces: 2))
        _ = feed(&collector, "HTTP/1.1 200 OK", "")
        let verdicts = (0..<3).map { number in [UInt8(number)].withUnsafeBytes { collector.body($0) } }
        #expect(verdicts == [.more, .more, .cutOff])
        #expect(collector.isTruncated && collector.finalStatus == 200)
    }
}

@Suite struct StatusLineTests {
    private func collect(_ lines: String...) -> ResponseCollector {
        var collector = ResponseCollector()
        for line in lines {
            if Array("\(line)\r\n".utf8).withUnsafeBytes({ collector.header($0) }) == .cutOff { break }
        }
        return collector
    }

    /// Three digits, then a blank or the end, in the version that the connection speaks.
    @Test(
        arguments: [
            ("HTTP/1.1 200 OK", 200, nil), ("HTTP/1.1 200", 200, nil), ("HTTP/1.0 404 ", 404, nil),
            ("HTTP/2 200 ", nil, 200), ("HTTP/1.1 200x OK", nil, nil), ("HTTP/1.1 2000", nil, nil),
            ("HTTP/1.1 20 OK", nil, nil), ("HTTP/1.1  200", nil, nil), ("HTTP/1.1\t200", nil, nil),
            ("HTTP/1 200 OK", nil, nil), ("HTTP/1.x 200 OK", nil, nil), ("HTTP/3 200", nil, nil),
            ("http/1.1 200 OK", nil, nil), ("HTTP/1.1", nil, nil), ("", nil, nil),
        ] as [(String, Int?, Int?)]
    ) func formOfAStatusLine(_ line: String, _ http1: Int?, _ http2: Int?) {
        let found = [false, true].map { version in
            Array(line.utf8).withUnsafeBytes { StatusLine.status($0, speaksHTTP2: version) }
        }
        #expect(found == [http1, http2])
    }

    @Test func onlyTheFirstLineIsOne() {
        let failed = collect("HTTP/1.1 503 No", "HTTP/1.1 204 :", "A: 1", "HTTP/1.1 200 OK", "")
        #expect(failed.finalStatus == 503)
        let kept = collect("HTTP/1.1 200 OK", "HTTP/1.1 410 Gone", "A: 1", "")
        #expect(kept.finalStatus == 200 && kept.headers.contains(HTTPHeader("A", "1")))
    }

    @Test func anAnswerFollowsAnInformationalOne() {
        let collector = collect("HTTP/1.1 100 Go", "HTTP/1.1 204 :", "", "HTTP/1.1 500 No", "HTTP/1.1 200 OK", "")
        #expect(collector.finalStatus == 500)
    }

    @Test func neitherFieldsNorTrailersBegin() {
        #expect(collect("HTTP/1.1 200 OK", "", "HTTP/1.1 410 Gone", "").finalStatus == 200)
        let malformed = collect("A: 1", "HTTP/1.1 200 OK", "")
        #expect(malformed.finalStatus == nil && malformed.isMalformed)
        #expect(collect("HTTP/1.1 103 Hints", "", "A: 1", "HTTP/1.1 200 OK", "").isMalformed)
    }
}
